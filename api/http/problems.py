"""Every refusal as a problem of RFC 9457: a stable code, its text in both languages, and where in the request it stands."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from api.http.language import language
from api.render.findings import NAMES
from engine.errors import EvidenceError, FenjiError, Finding, InputError, Place, RulebookError, SigningError, StoreError
from schemas.http.service import Fault, Problem
from schemas.lifecycle import GuardDecl, GuardName, Lifecycle

MEDIA = "application/problem+json"
LOG = logging.getLogger("fenji.http")
_OPTION = re.compile(r"(?<![\w-])`?--([a-z][a-z-]*)`?")
# option of a command -> what stands for it in a request, where that has another name
NAMED = {
    "approved-by": "X-Second-Authorization",
    "second": "X-Second-Authorization",
    "and": "X-Second-Authorization",
    "set": "`fields`",
    "on": "`on`",
}
_RULE = re.compile(r"[a-z][a-z0-9-]*/[a-z0-9_()-]+(#[a-z0-9_-]+)?\Z")

# code -> status, where the kind of error does not say it
STATUS: dict[str, int] = {
    "busy": 503,
    "disk-full": 507,
    "running": 409,
    "duplicate": 409,
    "open-case": 409,
    "exists": 409,
    "overtaken": 412,
    "no-match": 428,
    "not-done": 409,
    "out-of-time": 503,
    "no-key": 400,
    "unauthenticated": 401,
    "denied": 401,
    "no-provider": 502,
    "forbidden": 403,
    "wider-key": 403,
    "wrong-role": 403,
    "two-persons": 403,
    "wrong-unit": 403,
    "recusal": 403,
    "receiving-unit": 403,
    "not-found": 404,
    "unknown-pack": 404,
    "no-such-record": 404,
    "no-such-stream": 404,
    "no-such-release": 404,
    "too-large": 413,
    "not-json": 415,
    "too-slow": 408,
    "encoded": 415,
    "too-many": 429,
    "no-home": 503,
    "closed": 409,
    "no-transition": 409,
    "in-doubt": 500,
    "wrong-second": 403,
    "wrong-cursor": 400,
    "syntax": 400,
}
# what a condition of a life cycle is about: who acts, or how the stream stands; of any other kind the request is wrong
WHO: frozenset[GuardName] = frozenset({
    "impartial", "own_holder", "for_party", "second", "other_person", "lead_unit", "asked_unit", "same_unit", "other_unit",
    "in_charge", "office_ends", "recused_by_body",
})  # fmt: skip
STANDING: frozenset[GuardName] = frozenset({
    "once", "done", "not_done", "fewer_than", "overdue", "not_overdue", "heard", "all_asked", "new_value", "known_value",
    "equals", "same", "ended_or_done",
})  # fmt: skip
# what the web server says by itself, and what HTTP adds to the engine's codes
WORDS: dict[str, tuple[str, str]] = {
    "unauthenticated": ("未登录", "not logged in"),
    "denied": ("登录未通过", "log-in failed"),
    "no-provider": ("身份提供方不可用", "identity provider unavailable"),
    "forbidden": ("无权进行此操作", "not allowed"),
    "not-found": ("没有此资源", "nothing there"),
    "method-not-allowed": ("不支持此方法", "method not allowed"),
    "too-large": ("请求过大", "request too large"),
    "not-json": ("须为 JSON", "JSON is wanted"),
    "too-slow": ("请求未在时限内发完", "request did not come in time"),
    "encoded": ("不接受压缩的请求", "compressed requests are not taken"),
    "too-many": ("请求过于频繁", "too many requests"),
    "no-key": ("缺少幂等键", "Idempotency-Key missing"),
    "key-reused": ("幂等键已用于其他请求", "Idempotency-Key used before"),
    "running": ("同一请求正在处理", "the same request is running"),
    "not-done": ("任务尚未完成", "job not done"),
    "out-of-time": ("超出处理时限", "out of time"),
    "no-match": ("缺少 If-Match", "If-Match missing"),
    "wrong-cursor": ("分页游标无效", "cursor of another list"),
    "wrong-moment": ("时间须带时区", "moment without offset"),
    "overtaken": ("资源已被更新", "changed meanwhile"),
    "no-such-record": ("没有此记录", "no such record"),
    "no-norm": ("不是待人判断的事实", "not a fact to be judged"),
    "no-finding": ("认定须为一个确定的值", "a finding is one definite value"),
    "open-case": ("尚有在办件", "a case is still open"),
    "no-such-stream": ("没有此案件", "no such stream"),
    "unknown-pack": ("没有此规则包", "no such pack"),
    "busy": ("系统繁忙", "busy"),
    "not-ready": ("尚不能提供服务", "not ready"),
    "unknown-parameter": ("没有此查询参数", "no such parameter"),
    "invalid": ("请求不符合格式", "request of a wrong form"),
    "private-address": ("地址不可调用", "address not to be called"),
    "unknown-host": ("域名无法解析", "unknown host"),
    "too-many-feeds": ("日历订阅过多", "too many feeds"),
    "too-many-webhooks": ("回调地址过多", "too many webhooks"),
    "internal": ("内部错误", "internal error"),
}


def status_of(error: FenjiError) -> int:
    """Return the status that an error of the engine has over HTTP."""
    code = error.finding.code
    if code in STATUS:
        return STATUS[code]
    match error:
        case SigningError():
            return 403
        case StoreError():
            return 503
        case RulebookError():
            return 500
        case InputError() | EvidenceError():
            return 422
        case _:
            return 500


def titles(code: str) -> tuple[str, str]:
    """Return what a code is called, in Chinese and in English; the engine's codes are words already."""
    return WORDS.get(code) or (NAMES.get(code, "不能受理"), code.replace("-", " "))


def titled(lifecycles: Mapping[str, Lifecycle], finding: Finding) -> tuple[str, str]:
    """Return what a finding is called: the condition of a life cycle that refuses by its own title, anything else by its code."""
    guard = _guard_of(lifecycles, finding)
    return (guard.title.zh, guard.title.en) if guard else titles(finding.code)


def _guard_of(lifecycles: Mapping[str, Lifecycle], finding: Finding) -> GuardDecl | None:
    """Return the condition of a life cycle that refuses, None where it is something else."""
    table, _, rest = finding.place.file.partition("/")
    guards = lifecycles[table].guards if table in lifecycles else ()
    return next((each for each in guards if each.id == finding.code == rest.partition("#")[2]), None)


def _tables(request: Request) -> Mapping[str, Lifecycle]:
    """Return the life cycles in force, none before the application has opened its installation."""
    office = getattr(request.app.state, "office", None) if "app" in request.scope else None
    tables: Mapping[str, Lifecycle] = office.chosen.rulebook.lifecycles if office else {}
    return tables


def problem_of(
    status: int,
    findings: list[Finding],
    where: tuple[str, str],
    *,
    chinese: bool = True,
    lifecycles: Mapping[str, Lifecycle] = MappingProxyType({}),
) -> Problem:
    """Return the problem that findings make; the first names it. `where` is the path and the trace of the request."""
    first = findings[0]
    zh, en = titled(lifecycles, first)
    return Problem(
        type=f"urn:fenji:problem:{first.code}",
        title=zh if chinese else en,
        status=status,
        detail=_said_in_chinese(zh, first) if chinese else "; ".join(filter(None, (first.problem, _remedy(first.help)))),
        instance=where[0],
        code=first.code,
        title_zh=zh,
        title_en=en,
        errors=[_fault(finding, *titled(lifecycles, finding)) for finding in findings],
        trace_id=where[1],
    )


def answer(request: Request, status: int, findings: list[Finding], headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the problem that findings make, in the language that is asked for."""
    chinese = language(request) == "zh"
    where = request.url.path, trace_of(request)
    found = problem_of(status, findings, where, chinese=chinese, lifecycles=_tables(request))
    usual = {"content-language": "zh" if chinese else "en", "cache-control": "no-store"}
    return JSONResponse(found.model_dump(), status, {**usual, **(headers or {})}, MEDIA)


def _said_in_chinese(zh: str, finding: Finding) -> str:
    """Return what is said of a finding in Chinese: its name, where it lies, the rule that refuses and its law.

    The engine words problems and remedies in English alone; they stand in `errors` as they are, and none is made up here.
    """
    fault = _fault(finding, zh, "")
    parts = (("位置 ", fault.pointer), ("规则 ", fault.rule), ("依据 ", fault.law_ref))
    more = "，".join(f"{name}{text}" for name, text in parts if text)
    return f"{zh}（{more}）" if more else zh


def _remedy(text: str) -> str:
    """Return a remedy in the words of HTTP: commands have options where requests have names."""
    return _OPTION.sub(lambda found: NAMED.get(found[1], f"`{found[1].replace('-', '_')}`"), text)


def _fault(finding: Finding, zh: str, en: str) -> Fault:
    place = finding.place.file
    pointer = place[1:] if place.startswith("#") else ""  # where a file lies is nobody's business
    rule = place if (finding.law or "#" in place) and _RULE.match(place) else ""
    return Fault(
        pointer=pointer,
        code=finding.code,
        message_zh=zh,
        message_en=finding.problem or en,
        help=_remedy(finding.help),
        rule=rule,
        law_ref=finding.law,
    )


def _read_from(error: Any) -> Finding:
    """Return one of pydantic's findings as ours: its place is a JSON pointer where it is in the body."""
    where, *path = error["loc"] or ("",)
    pointer = "".join(f"/{part}" for part in path) if where == "body" else ""
    name = pointer or "/".join(str(part) for part in error["loc"])
    problem = f"`{name}`: {error['msg'].lower()}"
    return Finding("invalid", Place(f"#{pointer}"), problem, "the OpenAPI document says what is wanted")


def trace_of(request: Request) -> str:
    """Return what the log calls a request."""
    found: str = getattr(request.state, "trace_id", "") or secrets.token_hex(8)
    request.state.trace_id = found
    return found


def _allowed(request: Request) -> list[str]:
    """Return every method of a path (RFC 9110, 15.5.6): the web server names those of the first route only."""
    served: Mapping[str, Mapping[str, Any]] = request.app.openapi()["paths"]
    methods = {
        name.upper() for path, found in served.items() if compile_path(path)[0].match(request.url.path) for name in found
    } or {"GET"}  # a page outside of the document
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))


def handle(app: FastAPI) -> None:
    """Make every error of an application a problem."""

    @app.exception_handler(FenjiError)
    async def refused(request: Request, error: FenjiError) -> JSONResponse:
        guard = _guard_of(_tables(request), error.finding)
        status = (403 if guard.is_ in WHO else 409 if guard.is_ in STANDING else 422) if guard else status_of(error)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            LOG.error("refused", extra={"trace_id": trace_of(request), "code": error.finding.code})
        headers = {"retry-after": "1"} if status in (429, 503, 507) else {}
        headers |= {"www-authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
        headers |= error.headers
        findings: list[Finding] = getattr(error, "findings", None) or [error.finding]
        return answer(request, status, findings, headers)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        code = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "invalid")
        finding = Finding(code, Place(), titles(code)[1], "the OpenAPI document at /openapi.json lists what there is")
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            headers["allow"] = ", ".join(_allowed(request))
        return answer(request, error.status_code, [finding], headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return answer(request, 422, [_read_from(each) for each in error.errors()])

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        LOG.error("failed", extra={"trace_id": trace_of(request), "code": type(error).__name__}, exc_info=error)
        finding = Finding("internal", Place(), "the server failed", f"tell its operator the trace {trace_of(request)}")
        return answer(request, 500, [finding])
