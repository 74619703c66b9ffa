"""Findings as text: in Chinese each code carries its name, since an author reads that first; the detail is in English."""

from __future__ import annotations

from engine.errors import Finding

NAMES = {
    "alias": "锚点或别名",
    "always-true": "始终成立",
    "article-gap": "条文未交代",
    "bad-citation": "引用形式有误",
    "bad-conflict": "口径冲突有误",
    "bad-due": "期限有误",
    "bad-floor": "底线有误",
    "bad-grade": "等级来源有误",
    "bad-key": "键有误",
    "bad-lock": "锁文件损坏",
    "bad-monitor": "监测项有误",
    "bad-name": "名称形式有误",
    "bad-opening": "起始转换没有状态",
    "bad-override": "排除关系有误",
    "bad-range": "取值范围有误",
    "bad-value": "值的形式有误",
    "bad-values": "可选值有误",
    "band": "区间写法",
    "before-its-law": "早于其依据",
    "beyond-competence": "超出设定权限",
    "beyond-plan": "方案不能单独设定",
    "calendar-gap": "日历缺年",
    "case-failed": "用例不符",
    "case-input": "用例申报有误",
    "cited-not-encoded": "引用了未编码条款",
    "condition-syntax": "条件语法错误",
    "condition-too-deep": "条件嵌套过深",
    "condition-too-long": "条件过长",
    "constant-comparison": "常量比较",
    "cycle": "循环依赖",
    "dead-end": "状态没有出路",
    "draft-is-not-law": "草案不是法律",
    "duplicate-clause": "条款重复",
    "duplicate-key": "键重复",
    "duplicate-name": "名称重复",
    "duty-outside-union": "义务位置有误",
    "empty": "空文件",
    "final-left": "终态之后还有转换",
    "missing-case": "缺少用例",
    "missing-field": "缺少字段",
    "never-true": "从不成立",
    "no-agreement": "缺少约定",
    "no-authority": "缺少主管机关",
    "no-floor": "缺少底线",
    "no-label": "缺少双语标签",
    "no-opening": "没有起始转换",
    "no-pack": "不属于任何规则包",
    "no-principle": "缺少排除原则",
    "no-reason": "缺少理由",
    "no-source": "缺少依据",
    "no-values": "缺少可选值",
    "not-a-condition": "不是条件",
    "not-a-term": "不是可比较的项",
    "not-an-item": "不是清单项",
    "not-locked": "与锁不一致",
    "not-translated": "未翻译",
    "not-utf8": "不是UTF-8",
    "out-of-scope": "超出适用范围",
    "overlapping-versions": "版本重叠",
    "published-changed": "已发布版本被改动",
    "reserved-name": "保留字",
    "syntax": "语法错误",
    "tag": "标签",
    "too-deep": "嵌套过深",
    "too-large": "文件过大",
    "too-precise": "小数位过多",
    "two-documents": "两个文档",
    "two-ways": "同一事件有两种去向",
    "unclassified-clause": "条款未归类",
    "unique-conflict": "规则冲突",
    "unit-mismatch": "单位不一致",
    "unknown-authority": "机关未登记",
    "unknown-clock": "未知时限",
    "unknown-counting": "没有这种计期方法",
    "unknown-event": "未知事件",
    "unknown-fact": "没有这个事实",
    "unknown-field": "没有这个字段",
    "unknown-guard": "未知条件",
    "unknown-holiday": "没有这个节日",
    "unknown-instrument": "文件未登记",
    "unknown-key": "没有这个键",
    "unknown-list": "没有这个清单",
    "unknown-outcome": "没有这个结论",
    "unknown-rule": "没有这条规则",
    "unknown-state": "未知状态",
    "unknown-table": "没有这张表",
    "unknown-unit": "没有这个单位",
    "unknown-value": "没有这个值",
    "unlisted-clause": "条款未登记",
    "unreachable-state": "状态不可达",
    "version-gap": "版本空档",
    "wrong-type": "类型不符",
}


def finding(found: Finding, lang: str) -> str:
    """Return a finding as text; `lang` is zh or en."""
    if lang != "zh":
        return found.text()
    head = f"{found.place}: {found.code}（{NAMES.get(found.code, '其他问题')}）: {found.problem}"
    return f"{head}\n  办法: {found.help}" if found.help else head


def summary(rules: int, errors: int, warnings: int, lang: str) -> str:
    """Return how many rules were checked and what was found."""
    if lang == "zh":
        return f"{rules}条规则：{errors}个错误，{warnings}个警告"
    return f"{rules} rules: {errors} errors, {warnings} warnings"
