"""Spans, signals, tags, choices, prompts, feedback and judges, as every release of the Python SDK sends them.
With releases before 0.10, which know `Dataset.run`, also datasets and experiments."""

import json
import os
import time
import urllib.request
import uuid

import zeroeval as ze

url, key = os.environ["ZEROEVAL_API_URL"], os.environ["ZEROEVAL_API_KEY"]
project = "00000000-0000-0000-0000-000000000000"
ze.init(api_key=key, api_url=url, service_name="quickstart", tags={"team": "search"})


def same(what, got, expected):
    if got != expected:
        raise SystemExit(f"{what}: {got!r} instead of {expected!r}")


def post(path, body):
    headers = {"authorization": "Bearer " + key, "content-type": "application/json"}
    request = urllib.request.Request(url + path, method="POST", data=json.dumps(body).encode(), headers=headers)
    return json.loads(urllib.request.urlopen(request).read())


ids = {}


@ze.span(name="answer", session={"id": "py-chat-42", "name": "Python chat"}, tags={"plan": "pro"})
def answer(question):
    model = {"kind": "llm", "provider": "openai", "model": "gpt-4o", "inputTokens": 150, "outputTokens": 230}
    with ze.span(name="llm", attributes=model) as span:
        span.set_io(json.dumps([{"role": "user", "content": question}]), "world")
        ids["llm"] = span.span_id
        ze.set_signal(span, {"helpful": True, "score": 0.5, "label": "success"})
        ze.set_tag(span.trace_id, {"env": "prod"})
        ze.set_tag(span.session_id, {"tier": "gold"})
        if hasattr(span, "add_screenshot"):
            png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
            span.add_screenshot(base64_data=png, viewport="desktop", width=1, height=1, label="home")
    with ze.span(name="choose"):
        same("choice", ze.choose("model_test", {"control": "a", "variant": "b"}, {"control": 1.0, "variant": 0.0}, 14), "a")
    return "world"


answer("hello")
try:
    with ze.span(name="failing"):
        raise ValueError("boom")
except ValueError:
    pass
ze.tracer.flush()
time.sleep(1)

first = ze.prompt("greeter", content="Hello {{name}}", variables={"name": "Ada"})
decoration = json.loads(first.split("<zeroeval>")[1].split("</zeroeval>")[0])
same("latest", ze.prompt("greeter", **{"from": "latest"}).endswith("Hello {{name}}"), True)
same("by hash", ze.prompt("greeter", **{"from": decoration["content_hash"]}).endswith("Hello {{name}}"), True)
same("get_prompt", ze.get_prompt("greeter", version=1).content, "Hello {{name}}")
try:
    ze.prompt("absent", **{"from": "latest"})
    raise SystemExit("an absent prompt was found")
except Exception as error:
    print("absent ->", type(error).__name__)

prompted = {"kind": "llm", "provider": "openai", "model": "gpt-4o", "task": "greeter", "zeroeval": decoration}
with ze.span(name="prompted", attributes=prompted) as span:
    span.set_io("in", "out")
    ids["prompted"] = span.span_id
ze.tracer.flush()
time.sleep(1)
feedback = {"prompt_slug": decoration["prompt_slug"], "completion_id": ids["prompted"]}
given = ze.send_feedback(**feedback, thumbs_up=True, reason="good", metadata={"a": 1})
same("feedback", (given["thumbs_up"], given["reason"]), (True, "good"))
again = ze.send_feedback(**feedback, thumbs_up=False, expected_output="x")
same("changed", (again["id"], again["thumbs_up"], again["reason"]), (given["id"], False, "good"))
try:
    ze.send_feedback(prompt_slug="greeter", completion_id=str(uuid.uuid4()), thumbs_up=True)
    raise SystemExit("feedback on an absent completion was taken")
except Exception as error:
    print("absent completion ->", type(error).__name__)

kind = {"object_type": "span", "properties": {"kind": "llm"}}
scored = {"name": "polite", "sample_rate": 1, "filter": kind, "template": "Is it polite?", "evaluation_type": "scored"}
judge = post(f"/signals/projects/{project}/automations", scored)
found = ze.get_judge_evaluations(project_id=project, judge_id=judge["id"])
same("evaluations", (found["evaluations"], found["total"]), ([], 0))
if hasattr(ze, "get_judge_criteria"):
    same("criteria", ze.get_judge_criteria(project_id=project, judge_id=judge["id"])["evaluation_type"], "scored")
same("of a span", ze.get_span_evaluations(project_id=project, span_id=ids["llm"])["evaluations"], [])

if hasattr(ze.Dataset, "run"):
    rows = [{"question": "France?", "answer": "Paris"}, {"question": "Spain?", "answer": "Madrid"}]
    dataset = ze.Dataset("capitals", data=rows, description="capitals")
    dataset.push()
    back = ze.Dataset.pull("capitals")
    same("pulled", back.data, rows)

    @ze.task(outputs=["prediction"])
    def solve(row):
        return {"prediction": row["answer"]}

    @ze.evaluation(mode="row", outputs=["exact"])
    def exact(row):
        return {"exact": int(row["prediction"] == row["answer"])}

    @ze.evaluation(mode="column", outputs=["accuracy"])
    def accuracy(rows):
        return {"accuracy": 1.0}

    run = back.run(solve)
    run.eval([exact, accuracy])
    same("scores", [row["exact"] for row in run.rows], [1, 1])
    ze.tracer.flush()
