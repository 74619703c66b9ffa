import sys; sys.path.insert(0, "/tmp/gen-tiering")
from vocab import q, text
from pathlib import Path
D = Path("/work/main/rules/nanjing-tiering")
for f in D.glob("*.yaml"):
    if f.name != "pack.yaml": f.unlink()
START = "2022-12-12.."
BASE = {  # a plain consumer product: shopping guide without personal data
 "product.field":"consumption","product.national_security_field":False,"product.social_stability_field":False,"product.comparable_field":False,
 "product.daily_consumption":True,"product.offered_to_public":True,"product.registered_users":5000,"product.monthly_active":800,"product.data_export":False,
 "product.technology_export":False,"product.third_party_evidence":"self_test",
 "function.algorithm_service":False,"function.opinion_attribute":False,"function.generates_content":False,"function.life_safety":False,
 "function.autonomous_actuation":False,"function.mind_fusion":False,"function.ethics_risk":False,"function.driving_automation":"nothing",
 "function.output_role":"substantial","function.profiling":False,"function.automated_decision":False,"function.access_effect":False,
 "function.intervention":"informs","function.irreversible":False,"function.schedules_workers":False,"function.anthropomorphic":False,"medical.purpose":False,
 "people.personal_data":False,"people.face_recognition":False,"people.minors":False,"people.elderly":False,
 "maturity.deployment":"general_market","maturity.form_settled":True,"maturity.standard":"applies","maturity.ex_ante_met":True}
def base(**kw):
    d = dict(BASE); drop = kw.pop("drop", ())
    d.update({k.replace("__","."): v for k, v in kw.items()})
    for k in drop: d.pop(k)
    return d
def val(v):
    if v is True: return "true"
    if v is False: return "false"
    if isinstance(v, dict): return "{" + ", ".join(f"{k}: {val(x)}" for k, x in v.items()) + "}"
    if isinstance(v, list): return "[" + ", ".join(map(val, v)) + "]"
    return q(v) if isinstance(v, str) else str(v)
def S(ins, art="", read="mirror", zh="", en=""): return (ins, art, read, zh, en)
def src(s, pad):
    ins, art, read, zh, en = s
    one = f"{pad}- {{instrument: {ins}" + (f', article: "{art}"' if art else "") + f", read: {read}}}"
    if not zh: return [one]
    return [f"{pad}- instrument: {ins}", *([f'{pad}  article: "{art}"'] if art else []), f"{pad}  read: {read}", *text("note", zh, en, len(pad)+2)]
def C(name, on, facts, expect, outs=None): return (name, on, facts, expect, outs)
N = 0
def R(id, zh, en, effect, origin, sources, when, then, cases, authority="", overrides=(), valid=START, note=None, versions=None):
    global N; N += 1
    o = text("title", zh, en, 0) + [f"effect: {effect}"]
    if authority: o.append(f"authority: {authority}")
    o.append(f"origin: {{factor: {origin[0]}, effect: {origin[1]}}}")
    if overrides: o += [f"overrides: [{', '.join(overrides)}]", "principle: special_over_general"]
    o.append("sources:")
    for s in sources: o += src(s, "  ")
    o.append("versions:")
    for v, w, t, vs in versions or [(valid, when, then, ())]:
        o.append(f"  - valid: {v}")
        line = f"    when: {w}"
        if len(line) <= 128: o.append(line)
        else:
            o.append("    when: >-"); cur = ""
            for word in w.split(" "):
                if len(cur) + len(word) + 7 > 126: o.append("      " + cur); cur = word
                else: cur = f"{cur} {word}" if cur else word
            o.append("      " + cur)
        o.append("    then: " + val(t))
        if vs:
            o.append("    sources:")
            for s in vs: o += src(s, "      ")
    if note: o += text("note", *note, 0)
    o.append("cases:")
    for name, on, facts, expect, outs in cases:
        o.append(f"  - name: {q(name)}"); o.append(f"    on: {on}")
        inline = "    facts: " + val(facts)
        if len(inline) <= 128: o.append(inline)
        else:
            o.append("    facts:")
            for k, v in facts.items(): o.append(f"      {k}: {val(v)}")
        o.append(f"    expect: {expect}")
        if outs: o.append("    outcomes: " + val(outs))
    (D / f"{id}.yaml").write_text("\n".join(o) + "\n", encoding="utf-8")
def flip(fact, title="", on="2024-06-01", yes=None, no=None, rest=None, outs=None, before=None):
    """applies/not/unknown on one fact."""
    rest = rest or {}
    yes = True if yes is None else yes; no = False if no is None else no
    c = [C("applies", on, {**rest, fact: yes}, "applies", outs), C("does not", on, {**rest, fact: no}, "not"), C("not told", on, dict(rest), "unknown")]
    if before: c.append(C("the day before the instrument", before, {**rest, fact: yes}, "not"))
    return c
P20 = S("nanjing-plan-2022","20")
# ---- tier, plan
for key, zh, en in (("national_security","涉及国家安全","touches national security"),("social_stability","涉及社会稳定","touches social stability")):
    f = f"product.{key}_field"
    R(f"field-{key.replace('_','-')}", f"行业领域{zh}", f"Field {en}", "advisory", ("plan","plan"), [P20], f"{f} and product.core_process", {"tier":"t1"},
      [C("core process", "2023-03-01", {f: True, "product.core_process": True}, "applies"),
       C("canteen inside the site", "2023-03-01", {f: True, "product.core_process": False}, "not"),
       C("field not found to be high-risk", "2023-03-01", {f: False}, "not"),
       C("nobody has decided", "2023-03-01", {"product.core_process": True}, "unknown"),
       C("never low while open", "2023-03-01", base(drop=(f,)), "unknown")],
      note=("看产品在该领域业务过程中的作用，不以场所定级；未认定时结果为未定，转人工。","What counts is the role in the field's own process, not the place; while nobody has found, the answer is open and goes to a person."))
R("field-comparable","与国家安全、社会稳定相当的行业领域","Field comparable to national security or social stability","advisory",("plan","plan"),[P20],
  "product.comparable_field and product.core_process",{"tier":"t1"},
  [C("found comparable","2023-03-01",{"product.comparable_field":True,"product.core_process":True},"applies"),C("found not comparable","2023-03-01",{"product.comparable_field":False},"not"),C("open end not decided","2023-03-01",{"product.core_process":True},"unknown")],
  note=("第二十条的“等”留有开放空间，只能由主管部门认定。","The “etc.” of article 20 is open and filled by the competent body alone."))
R("daily-consumption","个人日常消费及服务","Personal daily consumption and service","advisory",("plan","plan"),[P20],"product.daily_consumption",{"tier":"t3"},
  [C("shopping guide","2023-03-01",BASE,"applies",{"tier":"t3","track":"results_based"}),C("factory tool","2023-03-01",{"product.daily_consumption":False},"not"),C("use not told","2023-03-01",{},"unknown"),
   C("other factors win","2023-03-01",base(function__life_safety=True,function__high_autonomy=False),"applies",{"tier":"t1"})],
  note=("只有没有其他因素时结果才是低级；两端之间无规则命中的，按设计为中级。","Low only when no other factor applies; where no rule applies at all the middle tier is design."))
# ---- tier, factors
R("opinion-attribute","舆论属性或社会动员能力","Public-opinion attribute or mobilisation","advisory",("law","design"),[S("opinion-assessment-2018","2","secondary"),S("algorithm-rules","23"),P20],"function.opinion_attribute",{"tier":"t1"},
  flip("function.opinion_attribute",rest={"product.offered_to_public":True}) + [C("internal tool","2024-06-01",{"product.offered_to_public":False},"not")],
  note=("法律要求的是评估和备案；定为高级属设计，限于被评估的功能。","The law asks for assessment and filing; the high tier is design and concerns the assessed function."))
R("life-and-health","关系生命、健康或人身安全","Life, health or personal safety","advisory",("law","design"),[S("ethics-measures-2023","","recalled","清单第（7）项，条号未核","list item (7); article not checked"),S("shenzhen-ai-2022","44"),S("nanjing-plan-2022","20")],"function.life_safety",{"tier":"t1"},flip("function.life_safety"))
R("autonomous-actuation","自主驱动可能伤人的装置","Autonomous actuation that may injure","advisory",("design","design"),[S("shenzhen-ai-2022","44"),P20],"function.autonomous_actuation",{"tier":"t1"},flip("function.autonomous_actuation"))
R("access-profiled","以画像或全自动方式影响个人机会","Access of a person decided by profiling or automation","advisory",("analogy","analogy"),[S("pipl","24"),S("eu-ai-act","6(3)"),P20],
  "function.access_effect and (function.profiling or function.automated_decision)",{"tier":"t1"},
  [C("profiling","2025-02-01",{"function.access_effect":True,"function.profiling":True},"applies"),C("solely automated","2025-02-01",{"function.access_effect":True,"function.automated_decision":True},"applies"),
   C("neither","2025-02-01",{"function.access_effect":True,"function.profiling":False,"function.automated_decision":False},"not"),C("profiling not told","2025-02-01",{"function.access_effect":True,"function.automated_decision":False},"unknown")])
R("irreversible","后果不可逆","Effects that cannot be undone","advisory",("design","design"),[S("algorithm-rules","23","mirror","条文列干预程度为分级因素，不可逆定高级属设计","the article lists intervention as a grading factor; the tier is design"),P20],"function.irreversible",{"tier":"t1"},flip("function.irreversible"))
R("access-effect","实质影响个人获得机会或服务","Material effect on a person's access","advisory",("analogy","analogy"),[S("pipl","24"),S("eu-ai-act","6(3)"),P20],"function.access_effect",{"tier":"t2"},
  flip("function.access_effect",on="2025-02-01") + [C("only preparatory","2025-02-01",{"function.access_effect":True,"function.output_role":"preparatory","function.profiling":False,"function.automated_decision":False},"overridden")])
R("sensitive-data","处理敏感个人信息","Sensitive personal information","advisory",("law","design"),[S("pipl","55"),P20],"people.sensitive_data",{"tier":"t2"},
  flip("people.sensitive_data",rest={"people.personal_data":True})+[C("no personal data","2024-06-01",{"people.personal_data":False},"not")])
R("face-bank","存储十万人以上人脸","Faces of 100,000 persons or more stored","advisory",("law","design"),[S("face-measures","15","secondary"),P20],"people.faces_stored >= 100000 persons",{"tier":"t2"},
  [C("exactly 100,000","2025-06-01",{"people.face_recognition":True,"people.faces_stored":100000},"applies"),C("one fewer","2025-06-01",{"people.face_recognition":True,"people.faces_stored":99999},"not"),
   C("a range across the line","2025-06-01",{"people.face_recognition":True,"people.faces_stored":{"at_least":80000,"at_most":120000}},"unknown"),C("the day before","2025-05-31",{"people.face_recognition":True,"people.faces_stored":100000},"not")],valid="2025-06-01..")
R("minors-concerned","面向未成年人","Minors are concerned","advisory",("law","design"),[S("pipl","31","recalled"),S("minors-network-regulation","20","mirror"),P20],"people.minors",{"tier":"t2"},flip("people.minors"))
R("elderly-concerned","面向老年人","Elderly persons are concerned","advisory",("law","design"),[S("algorithm-rules","19"),P20],"people.elderly",{"tier":"t2"},flip("people.elderly"))
R("large-scale","用户或涉及人数一百万以上","A million users or persons in the data","advisory",("law","design"),[S("algorithm-rules","23","mirror","用户规模为法定分级因素，一百万为设计值","user scale is a grading factor; the million is a design value"),P20],
  "product.registered_users >= 1000000 persons or people.persons_in_data >= 1000000 persons",{"tier":"t2"},
  [C("exactly a million","2024-06-01",{"product.offered_to_public":True,"product.registered_users":1000000},"applies"),
   C("one fewer","2024-06-01",{"product.offered_to_public":True,"product.registered_users":999999,"people.personal_data":False},"not"),
   C("persons in the data not told","2024-06-01",{"product.offered_to_public":True,"product.registered_users":999999,"people.personal_data":True},"unknown")])
R("steering","引导或代替个人行为","Steers or replaces a person's behaviour","advisory",("law","design"),[S("algorithm-rules","23"),P20],'function.intervention in ["steers", "controls"]',{"tier":"t2"},
  [C("recommends","2024-06-01",{"function.intervention":"steers"},"applies"),C("informs","2024-06-01",{"function.intervention":"informs"},"not"),C("one of two","2024-06-01",{"function.intervention":{"one_of":["informs","steers"]}},"unknown")])
ROLE = {"function.profiling":False,"function.automated_decision":False}
R("minor-role","输出仅为程序性、预备性或事后核对","Output only procedural, preparatory or checking","advisory",("analogy","analogy"),[S("eu-ai-act","6(3)"),P20],
  'function.output_role in ["narrow_procedural", "improves_human_work", "checks_afterwards", "preparatory"] and not function.profiling and not function.automated_decision',{"tier":"t3"},
  [C("checks afterwards","2025-02-01",{"function.output_role":"checks_afterwards",**ROLE},"applies"),
   C("lowers the middle by one","2025-02-01",base(product__daily_consumption=False,function__output_role="improves_human_work",function__access_effect=True),"applies",{"tier":"t3"}),
   C("never out of the high tier","2025-02-01",base(function__output_role="preparatory",function__life_safety=True,function__high_autonomy=False),"applies",{"tier":"t1"}),
   C("never for sensitive data","2025-02-01",base(function__output_role="preparatory",people__personal_data=True,people__sensitive_data=True,people__persons_in_data=900),"applies",{"tier":"t2"}),
   C("profiling kills the filter","2025-02-01",{"function.output_role":"preparatory","function.profiling":True},"not"),C("role not told","2025-02-01",dict(ROLE),"unknown")],
  overrides=("access-effect","large-scale","steering"),
  note=("只抵消机会影响、规模、干预三项中级因素；数据、人脸、未成年人、老年人因素不因输出作用而减轻。","Defeats only access, scale and intervention; what concerns data, faces, minors and the elderly does not lessen with the role of the output."))
# ---- prohibitions
CB = {"function.anthropomorphic":True}
R("companion-minors-banned","禁止向未成年人提供虚拟亲属、伴侣","No virtual relative or partner for minors","statutory",("law","law"),[S("anthropomorphic-measures","14","secondary")],"companion.virtual_relation and companion.admits_minors",{"tier":"t0","track":"ban"},
  [C("first day","2026-07-15",{**CB,"companion.virtual_relation":True,"companion.admits_minors":True},"applies",{"tier":"t0","track":"ban"}),C("the day before","2026-07-14",{**CB,"companion.virtual_relation":True,"companion.admits_minors":True},"not"),
   C("minors kept out","2026-07-15",{**CB,"companion.virtual_relation":True,"companion.admits_minors":False},"not"),C("access of minors not told","2026-07-15",{**CB,"companion.virtual_relation":True},"unknown")],authority="cac",valid="2026-07-15..")
R("companion-manipulation-banned","禁止情感操控和诱导依赖","No emotional manipulation or induced dependency","statutory",("law","law"),[S("anthropomorphic-measures","8","secondary")],"companion.emotional_manipulation",{"tier":"t0","track":"ban"},
  flip("companion.emotional_manipulation",on="2026-07-15",rest=CB,outs={"tier":"t0"},before="2026-07-14"),authority="cac",valid="2026-07-15..")
R("addiction-banned","不得设置诱导沉迷、过度消费的算法模型","No model inducing addiction or over-consumption","statutory",("law","law"),[S("algorithm-rules","8")],"function.addictive_model",{"tier":"t0","track":"ban"},
  flip("function.addictive_model",rest={"product.offered_to_public":True,"function.algorithm_service":True},outs={"tier":"t0"}),authority="cac")
R("face-private-space-banned","私密空间不得使用人脸识别","No face recognition in private spaces","statutory",("law","law"),[S("face-measures","","recalled","条号未核实","article number not verified")],"people.face_in_private_space",{"tier":"t0","track":"ban"},
  flip("people.face_in_private_space",on="2025-06-01",rest={"people.face_recognition":True},outs={"tier":"t0"},before="2025-05-31"),authority="cac",valid="2025-06-01..")
# ---- national ex-ante duties
MED = {"medical.purpose":True,"medical.device_data":True,"medical.core_processing":True}
DEV = "medical.device_data and medical.core_processing"
GUIDE = S("device-software-guideline","","recalled","分类口径凭记忆，未逐条核对","classification recalled, not checked line by line")
R("device-class-3","辅助决策且算法不成熟：第三类医疗器械","Immature algorithm assisting decisions: Class III device","statutory",("law","law"),[S("device-regulation","6"),S("device-regulation","13"),S("device-regulation","16"),GUIDE],
  f"{DEV} and medical.assists_decision and not medical.mature_algorithm",{"tier":"t1","track":"ex_ante","overlays":["device_registration_3"]},
  [C("lesion finder","2024-06-01",{**MED,"medical.assists_decision":True,"medical.mature_algorithm":False},"applies",{"overlays":["device_registration_3"]}),C("works on report conclusions","2024-06-01",{"medical.purpose":True,"medical.device_data":False},"not"),
   C("mature algorithm","2024-06-01",{**MED,"medical.assists_decision":True,"medical.mature_algorithm":True},"not"),C("maturity not judged","2024-06-01",{**MED,"medical.assists_decision":True},"unknown")],authority="nmpa")
R("device-class-2","不辅助决策且算法不成熟：第二类医疗器械","Immature algorithm, no decision: Class II device","statutory",("law","law"),[S("device-regulation","6"),S("device-regulation","13"),S("device-regulation","16"),GUIDE],
  f"{DEV} and not medical.assists_decision and not medical.mature_algorithm",{"tier":"t2","track":"ex_ante","overlays":["device_registration_2"]},
  [C("measures image quality","2024-06-01",{**MED,"medical.assists_decision":False,"medical.mature_algorithm":False},"applies",{"overlays":["device_registration_2"]}),C("assists decisions","2024-06-01",{**MED,"medical.assists_decision":True},"not"),
   C("not told","2024-06-01",{**MED,"medical.mature_algorithm":False},"unknown"),C("no medical purpose","2024-06-01",{"medical.purpose":False},"not")],authority="jiangsu-mpa",
  note=("条例称第二类为中度风险：级别为中，但注册在先，路径为事前。","The regulation calls Class II medium risk: middle tier, yet registration comes first, so the track is ex-ante."))
R("device-catalogue","算法成熟的医用软件按分类目录","Mature medical software: class by the catalogue","statutory",("law","law"),[S("device-regulation","6"),S("device-regulation","13"),GUIDE],f"{DEV} and medical.mature_algorithm",{"overlays":["device_catalogue"]},
  [C("mature","2024-06-01",{**MED,"medical.mature_algorithm":True},"applies"),C("immature","2024-06-01",{**MED,"medical.mature_algorithm":False},"not"),C("not judged","2024-06-01",MED,"unknown")],authority="nmpa")
R("vehicle-access","三级、四级自动驾驶：准入和上路通行试点","Level 3 or 4 driving: admission and road pilot","statutory",("law","law"),
  [S("vehicle-admission","","recalled","条号未核","article not checked"),S("vehicle-pilot-2023","","secondary")],'function.driving_automation in ["l3", "l4"]',{"tier":"t1","track":"ex_ante","overlays":["vehicle_access_pilot"]},
  [C("robotaxi","2024-06-01",{"function.driving_automation":"l4"},"applies",{"overlays":["vehicle_access_pilot"]}),C("lane assistance","2024-06-01",{"function.driving_automation":"assist"},"not"),C("level 2 or 3","2024-06-01",{"function.driving_automation":{"one_of":["assist","l3"]}},"unknown"),
   C("before the pilot notice","2023-11-16",{"function.driving_automation":"l4"},"not")],authority="miit",valid="2023-11-17..",
  note=("须由整车企业与使用主体组成联合体申请；试点以准入为前提，不属市级试点容错。","A consortium of maker and user applies; this pilot presupposes admission and is not the city's tolerance."))
OP = {"product.offered_to_public":True}
R("opinion-security-assessment","舆论属性服务的安全评估","Security assessment of services with the attribute","statutory",("law","law"),[S("algorithm-rules","27"),S("opinion-assessment-2018","7","recalled")],"function.opinion_attribute",{"track":"ex_ante","overlays":["security_assessment"]},
  flip("function.opinion_attribute",rest=OP,outs={"overlays":["security_assessment"]}),authority="cac",note=("新上线或者新技术带来该属性的，上线前提交评估报告。","For a launch or a new technique bringing the attribute the report comes before launch."))
R("synthesis-security-assessment","生成编辑人脸人声工具的安全评估","Security assessment of tools for faces and voices","statutory",("law","law"),[S("deep-synthesis-rules","15(2)","secondary")],"function.face_voice_edit and product.offered_to_public",{"track":"ex_ante","overlays":["security_assessment"]},
  flip("function.face_voice_edit",rest={**OP,"function.generates_content":True},outs={"overlays":["security_assessment"]},before="2023-01-09"),authority="cac",valid="2023-01-10..")
R("companion-security-assessment","拟人化服务的安全评估","Security assessment of anthropomorphic services","statutory",("law","law"),[S("anthropomorphic-measures","22","secondary","用户数门槛经定稿确认；上线、变更情形来自草案清单，须核对","user thresholds confirmed for the final text; launch and change limbs come from the draft list")],
  "function.anthropomorphic and (product.registered_users >= 1000000 persons or product.monthly_active >= 100000 persons)",{"track":"ex_ante","overlays":["security_assessment"]},
  [C("active users at the line","2026-07-15",{**OP,**CB,"product.registered_users":300000,"product.monthly_active":100000},"applies",{"overlays":["security_assessment"]}),C("registered users at the line","2026-07-15",{**OP,**CB,"product.registered_users":1000000},"applies"),
   C("below both","2026-07-15",{**OP,**CB,"product.registered_users":999999,"product.monthly_active":99999},"not"),C("active users not told","2026-07-15",{**OP,**CB,"product.registered_users":300000},"unknown"),C("the day before","2026-07-14",{**OP,**CB,"product.registered_users":1000000},"not")],authority="cac-jiangsu",valid="2026-07-15..")
R("companion-launch-check","拟人化服务上线、变更宜先评估","Assess anthropomorphic services at launch and change","advisory",("design","design"),[S("anthropomorphic-measures","22","secondary","上线、变更情形来自草案，定稿未核","launch and change limbs come from the draft; final text not checked")],"function.anthropomorphic and companion.launch_or_change",{"track":"ex_ante"},
  flip("companion.launch_or_change",on="2026-07-15",rest=CB,before="2026-07-14"),valid="2026-07-15..")
R("ethics-expert-review","列入清单的活动：专家复核","Listed activities: expert re-review","statutory",("law","law"),[S("st-progress-law","103"),S("ethics-measures-2023","","secondary","清单第（5）（6）（7）项；条号未核","list items (5), (6), (7); article not checked")],"",{},
  [C("autonomous system in a health scene","2024-06-01",{"function.life_safety":True,"function.high_autonomy":True},"applies",{"overlays":["ethics_expert_review"]}),C("under the AI measures","2026-03-20",{"function.mind_fusion":True},"applies"),
   C("none of the list","2024-06-01",{"function.life_safety":False,"function.mind_fusion":False,"product.offered_to_public":False},"not"),C("autonomy not told","2024-06-01",{"function.life_safety":True,"function.mind_fusion":False,"product.offered_to_public":False},"unknown"),C("before the measures","2023-11-30",{"function.mind_fusion":True},"not")],authority="most",
  versions=[("2023-12-01..2026-03-19","function.mind_fusion or function.opinion_attribute or function.high_autonomy",{"track":"ex_ante","overlays":["ethics_expert_review"]},()),
            ("2026-03-20..","function.mind_fusion or function.opinion_attribute or function.high_autonomy",{"track":"ex_ante","overlays":["ethics_expert_review"]},(S("ai-ethics-measures-2026","21-25","secondary"),))])
R("ethics-review","有伦理风险的活动：事前伦理审查","Activities with ethical risk: review before the activity","statutory",("law","law"),[S("st-progress-law","103"),S("ethics-measures-2023","2","secondary")],"",{},
  [C("trial with patients","2024-06-01",{"function.ethics_risk":True},"applies",{"overlays":["ethics_review"]}),C("under the AI measures","2026-03-20",{"function.ethics_risk":True},"applies"),C("no ethical risk","2024-06-01",{"function.ethics_risk":False},"not"),C("not judged","2024-06-01",{},"unknown")],authority="most",
  versions=[("2023-12-01..2026-03-19","function.ethics_risk",{"overlays":["ethics_review"]},()),("2026-03-20..","function.ethics_risk",{"overlays":["ethics_review"]},(S("ai-ethics-measures-2026","12","secondary"),))],
  note=("义务依据是科学技术进步法第一百零三条第二款；部门文件规定程序。","The duty rests on article 103(2) of the law; the ministries' documents give the procedure."))
# ---- other overlays
AS = {**OP,"function.algorithm_service":True}
R("algorithm-transparency","算法告知、公示和关闭选项","Notice, publication and off-switch of algorithms","statutory",("law","law"),[S("algorithm-rules","16"),S("algorithm-rules","17")],"function.algorithm_service",{"overlays":["algorithm_transparency"]},
  flip("function.algorithm_service",rest=OP)+[C("internal tool","2024-06-01",{"product.offered_to_public":False},"not")],authority="cac")
R("algorithm-filing","舆论属性算法备案","Algorithm filing","statutory",("law","law"),[S("algorithm-rules","24")],"function.algorithm_service and function.opinion_attribute",{"overlays":["algorithm_filing"]},flip("function.opinion_attribute",rest=AS),authority="cac",
  note=("备案在提供服务之日起十个工作日内，安全评估在上线前，二者不是一回事。","Filing follows within ten working days of start, assessment precedes launch; they are two things."))
R("companion-filing","拟人化服务算法备案","Algorithm filing of anthropomorphic services","statutory",("law","law"),[S("anthropomorphic-measures","26","secondary")],"function.anthropomorphic",{"overlays":["algorithm_filing"]},flip("function.anthropomorphic",on="2026-07-15",before="2026-07-14"),authority="cac",valid="2026-07-15..")
R("companion-duties","拟人化服务提供者义务","Duties of anthropomorphic services","statutory",("law","law"),[S("anthropomorphic-measures","13","secondary"),S("anthropomorphic-measures","15","secondary"),S("anthropomorphic-measures","16","secondary"),S("anthropomorphic-measures","18","secondary")],"function.anthropomorphic",{"overlays":["anthropomorphic_duties"]},
  flip("function.anthropomorphic",on="2026-07-15",before="2026-07-14"),authority="cac",valid="2026-07-15..")
GP = {**OP,"function.generates_content":True}
R("generative-service","生成式服务提供者义务","Duties of a generative service","statutory",("law","law"),[S("generative-measures","2(1)"),S("generative-measures","10","secondary"),S("generative-measures","11","secondary")],"function.generates_content and product.offered_to_public",{"overlays":["generative_duties"]},
  [C("public","2023-08-15",GP,"applies"),C("internal only","2023-08-15",{"product.offered_to_public":False,"function.generates_content":True},"not"),C("audience not told","2023-08-15",{"function.generates_content":True},"unknown"),C("the day before","2023-08-14",GP,"not")],authority="cac",valid="2023-08-15..")
R("generative-filing","舆论属性生成式服务的评估和备案","Assessment and filing of generative services","statutory",("law","law"),[S("generative-measures","17","secondary")],"function.generates_content and function.opinion_attribute",{"track":"ex_ante","overlays":["security_assessment","algorithm_filing"]},
  flip("function.opinion_attribute",rest=GP,before="2023-08-14"),authority="cac",valid="2023-08-15..")
R("generative-registration","调用已备案模型的属地登记","Local registration for calling a filed model","advisory",("design","design"),[S("generative-measures","17","secondary","登记为实践做法，条文未规定","registration is practice, no article asks for it")],"product.calls_filed_model",{"overlays":["generative_registration"]},
  flip("product.calls_filed_model",rest=GP),valid="2023-08-15..")
R("training-data","生成式服务训练数据安全","Security of training data","statutory",("law","law"),[S("order-790","19")],"function.generates_content and product.offered_to_public",{"overlays":["training_data_security"]},
  [C("public","2025-01-01",GP,"applies"),C("nothing generated","2025-01-01",{**OP,"function.generates_content":False},"not"),C("not told","2025-01-01",OP,"unknown"),C("the day before","2024-12-31",GP,"not")],authority="cac",valid="2025-01-01..")
R("explicit-label","易混淆合成内容显式标识","Explicit label of confusing synthesis","statutory",("law","law"),[S("deep-synthesis-rules","17(1)","secondary")],"",{},
  [C("under deep-synthesis rules","2023-01-10",{**GP,"function.confusing_synthesis":True},"applies"),C("under the labelling measures","2025-09-01",{**GP,"function.confusing_synthesis":True},"applies"),C("no confusion","2025-09-01",{**GP,"function.confusing_synthesis":False},"not"),C("not told","2025-09-01",GP,"unknown"),C("before 2023-01-10","2023-01-09",{**GP,"function.confusing_synthesis":True},"not")],authority="cac",
  versions=[("2023-01-10..2025-08-31","function.confusing_synthesis and product.offered_to_public",{"overlays":["explicit_label"]},()),("2025-09-01..","function.confusing_synthesis and product.offered_to_public",{"overlays":["explicit_label"]},(S("labelling-measures","4","recalled"),S("gb-45438","","secondary")))])
R("implicit-label","生成文件隐式标识","Implicit label of generated files","statutory",("law","law"),[S("deep-synthesis-rules","16","recalled"),S("labelling-measures","5","recalled"),S("gb-45438","","secondary")],"function.generates_content and product.offered_to_public",{"overlays":["implicit_label"]},
  [C("generator","2025-09-01",GP,"applies"),C("internal","2025-09-01",{"product.offered_to_public":False,"function.generates_content":True},"not"),C("not told","2025-09-01",OP,"unknown"),C("the day before","2025-08-31",GP,"not")],authority="cac",valid="2025-09-01..")
R("biometric-consent","编辑人脸人声须提示取得单独同意","Prompt for separate consent to edit faces or voices","statutory",("law","law"),[S("deep-synthesis-rules","14","recalled")],"function.face_voice_edit and product.offered_to_public",{"overlays":["biometric_consent"]},
  flip("function.face_voice_edit",rest=GP,before="2023-01-09"),authority="cac",valid="2023-01-10..")
R("impact-assessment","个人信息保护影响评估","Personal-information impact assessment","statutory",("law","law"),[S("pipl","55-56")],"people.sensitive_data or people.personal_data and (function.profiling or function.automated_decision or product.data_export)",{"overlays":["impact_assessment"]},
  [C("sensitive","2024-06-01",{"people.personal_data":True,"people.sensitive_data":True},"applies"),C("profiling","2024-06-01",{"people.personal_data":True,"function.profiling":True},"applies"),C("no personal data","2024-06-01",{"people.personal_data":False},"not"),
   C("profiling not told","2024-06-01",{"people.personal_data":True,"people.sensitive_data":False,"function.automated_decision":False,"product.data_export":False},"unknown")],authority="cac")
R("automated-decision-rights","自动化决策的透明和拒绝权","Transparency and refusal of automated decisions","statutory",("law","law"),[S("pipl","24")],"people.personal_data and (function.profiling or function.automated_decision)",{"overlays":["automated_decision_rights"]},
  [C("profiling","2024-06-01",{"people.personal_data":True,"function.profiling":True},"applies"),C("neither","2024-06-01",{"people.personal_data":True,"function.profiling":False,"function.automated_decision":False},"not"),C("not told","2024-06-01",{"people.personal_data":True,"function.profiling":False},"unknown")],authority="cac")
FR = {"people.personal_data":True}
R("face-rules","人脸识别应用规则","Rules of face recognition","statutory",("law","law"),[S("face-measures","6","secondary"),S("face-measures","8","secondary"),S("face-measures","9","secondary"),S("face-measures","10","secondary")],"people.face_recognition",{"overlays":["face_rules","impact_assessment"]},
  flip("people.face_recognition",on="2025-06-01",rest=FR,before="2025-05-31"),authority="cac",valid="2025-06-01..")
R("face-filing","存储人脸达十万人备案","Filing from 100,000 stored faces","statutory",("law","law"),[S("face-measures","15","secondary")],"people.faces_stored >= 100000 persons",{"overlays":["face_filing"]},
  [C("exactly","2025-06-01",{"people.face_recognition":True,"people.faces_stored":100000},"applies"),C("one fewer","2025-06-01",{"people.face_recognition":True,"people.faces_stored":99999},"not"),C("not counted","2025-06-01",{"people.face_recognition":True},"unknown"),C("the day before","2025-05-31",{"people.face_recognition":True,"people.faces_stored":100000},"not")],authority="cac-jiangsu",valid="2025-06-01..")
R("minors-protection","未成年人网络保护义务","Protection of minors online","statutory",("law","law"),[S("minors-network-regulation","20","mirror","定期评估等限于未成年人用户数量巨大或影响显著的平台","periodic assessment concerns platforms with very many minors or marked influence")],"people.minors and product.offered_to_public",{"overlays":["minors_protection"]},
  flip("people.minors",rest=OP,before="2023-12-31"),authority="cac",valid="2024-01-01..")
R("minors-content","不得向未成年人推送不良信息","No harmful content pushed to minors","statutory",("law","law"),[S("minors-content-measures","9","secondary")],"product.offered_to_public and (function.algorithm_service or function.generates_content)",{"overlays":["minors_content"]},
  [C("generator","2026-03-01",GP,"applies"),C("neither","2026-03-01",{**OP,"function.algorithm_service":False,"function.generates_content":False},"not"),C("not told","2026-03-01",{**OP,"function.algorithm_service":False},"unknown"),C("the day before","2026-02-28",GP,"not")],authority="cac",valid="2026-03-01..")
R("guardian-consent-under-14","不满十四周岁须监护人同意","Guardian consent under 14","statutory",("law","law"),[S("pipl","31","recalled")],"people.under_14 and people.personal_data",{"overlays":["guardian_consent"]},flip("people.under_14",rest={"people.minors":True,"people.personal_data":True}),authority="cac")
R("scheduling-workers","劳动者调度算法权益保护","Workers under scheduling algorithms","statutory",("law","law"),[S("algorithm-rules","20")],"function.schedules_workers",{"overlays":["scheduling_rights"]},flip("function.schedules_workers"),authority="cac")
R("large-handler","处理一千万人以上个人信息","Personal information of ten million persons","statutory",("law","law"),[S("order-790","28","secondary")],"people.persons_in_data >= 10000000 persons",{"overlays":["large_handler_duties"]},
  [C("exactly","2025-01-01",{"people.personal_data":True,"people.persons_in_data":10000000},"applies"),C("one fewer","2025-01-01",{"people.personal_data":True,"people.persons_in_data":9999999},"not"),C("not counted","2025-01-01",{"people.personal_data":True},"unknown")],authority="cac",valid="2025-01-01..")
R("data-export-check","数据出境另行核对","Data exports are checked separately","statutory",("law","law"),[S("pipl","38","mirror"),S("nanjing-plan-2022","19")],"product.data_export",{"overlays":["data_export_check"]},flip("product.data_export"),authority="cac")
R("technology-export","向境外提供限制类技术须许可","Licence to provide restricted technology abroad","statutory",("law","law"),[S("technology-trade-regulation","","recalled"),S("technology-catalogue-2023","","recalled")],"product.technology_export",{"overlays":["technology_export_licence"]},flip("product.technology_export",before="2023-12-20"),authority="mofcom",valid="2023-12-21..")
# ---- maturity
DEP = "maturity.deployment"
def phase(id, zh, en, when, value, yes, no):
    R(id, zh, en, "advisory", ("plan","design"), [S("nanjing-plan-2022","20","mirror","分阶段来自方案，切分点为设计","phases come from the plan, cut-points are design")], when, {"maturity_phase": value},
      [C(n,"2024-06-01",f,"applies",{"maturity_phase":value}) for n, f in yes]+[C(n,"2024-06-01",f,"not") for n, f in no]+[C("not told","2024-06-01",{},"unknown")])
phase("phase-research","研究阶段","Research phase",f'{DEP} == "laboratory"',"research",[("laboratory",{DEP:"laboratory"})],[("trial",{DEP:"outside_trial"})])
phase("phase-nascent","萌芽阶段","Nascent phase",f'{DEP} in ["outside_trial", "first_supply"]',"nascent",[("trial",{DEP:"outside_trial"}),("first customers",{DEP:"first_supply"})],[("limited market",{DEP:"limited_market"})])
phase("phase-growing","成长阶段","Growing phase",f'{DEP} == "limited_market" or {DEP} == "general_market" and not maturity.form_settled',"growing",[("limited market",{DEP:"limited_market"}),("general, unsettled",{DEP:"general_market","maturity.form_settled":False})],[("first customers",{DEP:"first_supply"})])
phase("phase-mature","成熟阶段","Mature phase",f'{DEP} == "general_market" and maturity.form_settled',"mature",[("settled",{DEP:"general_market","maturity.form_settled":True})],[("unsettled",{DEP:"general_market","maturity.form_settled":False})])
# ---- pilot exclusions
S44 = S("shenzhen-ai-2022","44")
R("exclude-not-nascent","不在萌芽阶段","Not nascent","advisory",("plan","plan"),[P20],'maturity_phase != "nascent"',{"pilot_exclusions":["not_nascent"]},
  [C("mature","2024-06-01",{DEP:"general_market","maturity.form_settled":True},"applies"),C("trial","2024-06-01",{DEP:"outside_trial"},"not"),C("not told","2024-06-01",{},"unknown")])
R("exclude-prohibited","法律禁止","Prohibited by law","advisory",("law","design"),[P20],'tier == "t0"',{"pilot_exclusions":["prohibited"]},
  [C("addictive model","2024-06-01",{**AS,"function.addictive_model":True},"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{**AS},"unknown")])
R("exclude-high-tier","高风险级别","High tier","advisory",("plan","analogy"),[P20,S44],'tier >= "t1"',{"pilot_exclusions":["high_tier"]},
  [C("life and health","2024-06-01",{"function.life_safety":True},"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")],
  note=("高风险产品另有行业试点的（如车辆准入试点），走该试点。","A high-risk product with a sector pilot of its own, such as vehicles, takes that one."))
R("exclude-security-field","国家安全、社会稳定领域","Field of national security or social stability","advisory",("plan","analogy"),[P20,S44],"(product.national_security_field or product.social_stability_field or product.comparable_field) and product.core_process",{"pilot_exclusions":["security_field"]},
  [C("security field","2024-06-01",{"product.national_security_field":True,"product.core_process":True},"applies"),C("none","2024-06-01",{"product.national_security_field":False,"product.social_stability_field":False,"product.comparable_field":False},"not"),C("nobody has decided","2024-06-01",{"product.national_security_field":False,"product.social_stability_field":False,"product.core_process":True},"unknown")])
R("exclude-personal-safety","关系人身安全","Personal safety","advisory",("analogy","analogy"),[S44,P20],"function.life_safety or function.autonomous_actuation",{"pilot_exclusions":["personal_safety"]},
  [C("actuation","2024-06-01",{"function.autonomous_actuation":True},"applies"),C("neither","2024-06-01",{"function.life_safety":False,"function.autonomous_actuation":False},"not"),C("not told","2024-06-01",{"function.life_safety":False},"unknown")])
R("exclude-standard","已有适用标准","A standard applies","advisory",("analogy","analogy"),[S44,P20],'maturity.standard == "applies"',{"pilot_exclusions":["standard_applies"]},
  [C("standard","2024-06-01",{"maturity.standard":"applies"},"applies"),C("unfit standard","2024-06-01",{"maturity.standard":"unfit"},"not"),C("not told","2024-06-01",{},"unknown")])
R("exclude-duties-open","法定事前义务未履行","Statutory ex-ante duties open","advisory",("law","design"),[P20],"not maturity.ex_ante_met",{"pilot_exclusions":["duties_open"]},
  [C("open","2024-06-01",{"maturity.ex_ante_met":False},"applies"),C("met","2024-06-01",{"maturity.ex_ante_met":True},"not"),C("not told","2024-06-01",{},"unknown")],
  note=("试点不能替代或推迟国家规定的事前义务。","A pilot neither replaces nor delays a national ex-ante duty."))
# ---- track
R("track-ex-ante","高风险：事前防范","High tier: ex-ante","advisory",("plan","plan"),[P20],'tier >= "t1"',{"track":"ex_ante"},
  [C("life and health","2024-06-01",{"function.life_safety":True},"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")])
NASC = dict(maturity__deployment="outside_trial", maturity__standard="nothing", drop=("maturity.form_settled",))
R("track-disclose","中级：事前披露、事后跟踪","Middle tier: disclosure and tracking","advisory",("analogy","analogy"),[S("shenzhen-ai-2022","66(2)"),P20],'tier >= "t2"',{"track":"disclose_track"},
  [C("sensitive data","2024-06-01",base(people__personal_data=True,people__sensitive_data=True,people__persons_in_data=500),"applies",{"track":"disclose_track"}),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown"),
   C("gives way to a pilot","2024-06-01",base(people__elderly=True,**NASC),"overridden",{"track":"pilot_tolerance"})])
R("track-filing","须备案或登记的：至少披露跟踪","Filing or registration: at least disclosure and tracking","advisory",("law","design"),[S("algorithm-rules","24"),P20],'overlays has "algorithm_filing" or overlays has "generative_registration"',{"track":"disclose_track"},
  [C("calls a filed model","2024-06-01",{**GP,"product.calls_filed_model":True},"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")],
  note=("叠加义务只提高路径，不降低；试点不覆盖本规则。","An overlay only raises the track; a pilot does not defeat this rule."))
R("track-pilot","萌芽产品：建议试点容错","Nascent product: a pilot is proposed","advisory",("plan","plan"),[P20,S("nanjing-plan-2022","1"),S44],'maturity_phase == "nascent" and not nonempty(pilot_exclusions)',{"track":"pilot_tolerance"},
  [C("nascent and low","2024-06-01",base(**NASC),"applies",{"track":"pilot_tolerance"}),C("nascent and middle","2024-06-01",base(people__elderly=True,**NASC),"applies",{"track":"pilot_tolerance"}),
   C("nascent and high","2024-06-01",base(function__irreversible=True,**NASC),"not",{"track":"ex_ante"}),C("mature","2024-06-01",BASE,"not"),C("standard not told","2024-06-01",base(maturity__deployment="outside_trial",drop=("maturity.form_settled","maturity.standard")),"unknown")],
  overrides=("track-disclose",),note=("仅为建议，不产生进入试点的权利；条件、上限和期限见试点方案。","A proposal only, no right to a pilot; conditions, caps and duration stand in the pilot plan."))
# ---- supervision
def sup(id, zh, en, origin, sources, when, acts, cases, note=None): R(id, zh, en, "advisory", origin, sources, when, {"supervision": acts}, cases, note=note)
SAFE = S("nanjing-plan-2022","","mirror","保障措施（三）：考核评估、动态调整","safeguard (3): evaluation and adjustment")
sup("supervise-ban","禁止类：移送有权机关","Prohibited: refer","".split() or ("law","design"),[P20],'track == "ban"',["refer_prohibition"],
  [C("addictive model","2024-06-01",{**AS,"function.addictive_model":True},"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")])
sup("supervise-ex-ante","事前路径的监管措施","What an ex-ante track means","".split() or ("plan","plan"),[P20,S("shenzhen-ai-2022","66(2)")],'track == "ex_ante"',["ex_ante_check","check_national_duties","recheck_change","track_after"],
  [C("irreversible","2024-06-01",base(function__irreversible=True),"applies",{"supervision":["ex_ante_check","check_national_duties"]}),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")],
  note=("市级评估为服务和建议，不得设为上线前置许可。","The city's check is service and advice, never a permit before launch."))
sup("supervise-disclose","披露跟踪路径的监管措施","What disclosure and tracking mean",("analogy","analogy"),[S("shenzhen-ai-2022","66(2)"),P20],'track == "disclose_track"',["collect_disclosure","track_after","recheck_change"],
  [C("elderly","2024-06-01",base(people__elderly=True),"applies",{"supervision":["collect_disclosure","track_after"]}),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")])
sup("supervise-results","结果路径的监管措施","What a results-based track means",("plan","plan"),[P20],'track == "results_based"',["spot_check"],
  [C("plain product","2024-06-01",BASE,"applies",{"supervision":["spot_check"]}),C("high tier","2024-06-01",{"function.irreversible":True},"not"),C("not told","2024-06-01",{},"unknown")])
sup("supervise-pilot","试点容错的监管措施","What a pilot means",("plan","design"),[P20,S("nanjing-plan-2022","1")],'track == "pilot_tolerance"',["pilot_plan","track_after"],
  [C("nascent","2024-06-01",base(**NASC),"applies",{"supervision":["pilot_plan"]}),C("mature","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")])
sup("supervise-phase","研究、萌芽和成长阶段按阶段复核","Review by phase",("plan","plan"),[P20],'maturity_phase in ["research", "nascent", "growing"]',["phase_review"],
  [C("trial","2024-06-01",{DEP:"outside_trial"},"applies"),C("mature","2024-06-01",{DEP:"general_market","maturity.form_settled":True},"not"),C("not told","2024-06-01",{},"unknown")])
sup("supervise-yearly","中高级产品年度复核","Yearly review above the low tier",("plan","design"),[SAFE],'tier in ["t2", "t1"]',["yearly_review"],
  [C("elderly","2024-06-01",base(people__elderly=True),"applies"),C("plain product","2024-06-01",BASE,"not"),C("not told","2024-06-01",{},"unknown")])
S13 = S("nanjing-plan-2022","13","mirror","方案建设评测平台；证据影响证明深度、不影响级别属设计","the plan builds test platforms; that evidence alters depth of proof and not the tier is design")
sup("evidence-accredited","采信有资质第三方报告","Rely on an accredited report",("plan","design"),[S13],'product.third_party_evidence == "accredited"',["accept_test_report"],
  [C("accredited","2024-06-01",{"product.third_party_evidence":"accredited"},"applies"),C("self test","2024-06-01",{"product.third_party_evidence":"self_test"},"not"),C("not told","2024-06-01",{},"unknown")])
sup("evidence-wanting","中高级产品补充试验评测","Ask for tests above the low tier",("plan","design"),[S13],'product.third_party_evidence == "nothing" and tier in ["t2", "t1"]',["request_test"],
  [C("no tests, high","2024-06-01",base(product__third_party_evidence="nothing",function__irreversible=True),"applies"),C("tested","2024-06-01",{"product.third_party_evidence":"accredited"},"not"),C("tier open","2024-06-01",{"product.third_party_evidence":"nothing"},"unknown")])
print(N, "rules")
