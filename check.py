import sys; sys.path.insert(0,"/work/main")
from pathlib import Path
from engine.rulebook.load import load_all, rule_files
from engine.rulebook.check import check
from engine.decide.cases import run
folder=Path("/work/main/rules")
loaded=load_all([(p.relative_to(folder).as_posix(),p.read_bytes()) for p in rule_files(folder)])
fs=check(loaded)
mine=[f for f in fs if any(x in str(f.place) for x in ("nanjing-tiering","tiering.yaml","product.yaml","function.yaml","people.yaml","maturity.yaml"))]
for f in mine[:80]: print(f.severity if hasattr(f,'severity') else '', f.code,f.place,f.problem,'|',f.help)
print(len(fs),len(mine))
if not [f for f in mine if f.code!='band']:
    r=run(loaded,"nanjing-tiering")
    for f in r: print(f.code,f.place,f.problem)
    print(len(r),"case findings")
bad=[(p,i) for p in [*Path("/work/main/rules/nanjing-tiering").iterdir(),*[folder/"vocabulary"/n for n in("product.yaml","function.yaml","people.yaml","maturity.yaml")],folder/"instruments/tiering.yaml",*(folder/"samples/nanjing-tiering").iterdir()] for i,l in enumerate(p.read_text().splitlines(),1) if len(l)>130]
print("long",[(p.name,i) for p,i in bad])
