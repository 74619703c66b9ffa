// Verifies what fenji wrote, with the packages that the Go project verifies its own module log with.
//
//	verify note VKEY CHECKPOINT
//	verify inclusion VKEY RECEIPT LEAF
//	verify consistency VKEY OLD-CHECKPOINT NEW-CHECKPOINT PROOF
//	verify tiles VKEY FOLDER
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error) {
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

func file(path string) string {
	data, err := os.ReadFile(path)
	must(err)
	return string(data)
}

func hash(text string) (found tlog.Hash) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	must(err)
	if len(data) != tlog.HashSize {
		must(fmt.Errorf("a hash of %d bytes", len(data)))
	}
	copy(found[:], data)
	return found
}

func hashes(lines []string) (found []tlog.Hash) {
	for _, line := range lines {
		found = append(found, hash(line))
	}
	return found
}

// checkpoint opens a signed note and returns the tree that it names.
func checkpoint(vkey, text string) tlog.Tree {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	must(err)
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	must(err)
	lines := strings.Split(strings.TrimSuffix(opened.Text, "\n"), "\n")
	if len(lines) != 3 || lines[0] != verifier.Name() {
		must(fmt.Errorf("not a checkpoint of %s", verifier.Name()))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

func inclusion(vkey, receipt string, leaf []byte) {
	proof, signed, _ := strings.Cut(receipt, "\n\n")
	lines := strings.Split(proof, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		must(fmt.Errorf("not a receipt"))
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	must(err)
	tree := checkpoint(vkey, signed)
	must(tlog.CheckRecord(hashes(lines[2:]), tree.N, tree.Hash, index, tlog.RecordHash(leaf)))
}

// folder reads tiles from files, which lack the height that Go's own paths have.
type folder string

func (folder) Height() int { return 8 }

func (from folder) ReadTiles(tiles []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(from), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

// everything checks every leaf of every entry bundle against the signed root, through the tiles.
func everything(vkey string, from folder) {
	tree := checkpoint(vkey, file(filepath.Join(string(from), "checkpoint")))
	reader := tlog.TileHashReader(tree, from)
	var bundle []byte
	for index := int64(0); index < tree.N; index++ {
		if index%256 == 0 {
			if len(bundle) != 0 {
				must(fmt.Errorf("bytes after the last entry"))
			}
			width := tree.N - index
			if width > 256 {
				width = 256
			}
			path := tlog.Tile{H: 8, L: -1, N: index / 256, W: int(width)}.Path()
			bundle = []byte(file(filepath.Join(string(from), strings.Replace(path, "tile/8/data/", "tile/entries/", 1))))
		}
		length := int(binary.BigEndian.Uint16(bundle))
		leaf := bundle[2 : 2+length]
		bundle = bundle[2+length:]
		proof, err := tlog.ProveRecord(tree.N, index, reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)))
	}
}

func main() {
	arguments := os.Args[2:]
	vkey := file(arguments[0])
	switch os.Args[1] {
	case "note":
		checkpoint(vkey, file(arguments[1]))
	case "inclusion":
		inclusion(vkey, file(arguments[1]), []byte(file(arguments[2])))
	case "consistency":
		old, tree := checkpoint(vkey, file(arguments[1])), checkpoint(vkey, file(arguments[2]))
		proof := hashes(strings.Fields(file(arguments[3])))
		must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	case "tiles":
		everything(vkey, folder(arguments[1]))
	default:
		must(fmt.Errorf("unknown command %s", os.Args[1]))
	}
	fmt.Println("verified")
}
