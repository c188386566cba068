"""One scenario of `sdk-calls.mjs` with OpenAI's Python SDK and OpenTelemetry's instrumentation of it.

    python openai-calls.py SCENARIO

Set up as the instrumentation's documentation says, with a logger provider, since messages are log records. ASKED holds the
texts and models of `answers.mjs`. What it prints last are the packages with their versions.
"""

import json
import os
import sys
from importlib.metadata import version

import openai
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import set_tracer_provider

otlp = os.environ["OTLP_URL"]
spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{otlp}/v1/traces")))
set_tracer_provider(spans)
logs = LoggerProvider()
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{otlp}/v1/logs")))
set_logger_provider(logs)
OpenAIInstrumentor().instrument()

asked = json.loads(os.environ["ASKED"])
questions, models, tool = asked["questions"], asked["models"], asked["tool"]
client = openai.OpenAI(base_url=f"{os.environ['LLM_URL']}/v1", max_retries=0)
system = {"role": "system", "content": asked["system"]}


def user(content):
    return {"role": "user", "content": content}


def complete(question, **more):
    messages = [system, user(questions[question])]
    return client.chat.completions.create(model=models[question], messages=messages, **more)


def use_tool():
    function = {name: tool[name] for name in ("name", "description", "parameters")}
    tools = [{"type": "function", "function": function}]
    question = user(questions["tool"])
    message = client.chat.completions.create(model=models["tool"], messages=[question], tools=tools).choices[0].message
    call = message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": json.dumps(tool["result"])}
    client.chat.completions.create(model=models["tool"], messages=[question, message, result], tools=tools)


def stream():
    for _ in complete("stream", stream=True, stream_options={"include_usage": True}):
        pass


def fail():
    try:
        complete("error")
    except openai.APIStatusError:
        return
    raise AssertionError("the call did not fail")


scenarios = {
    "openai-chat": lambda: complete("chat", temperature=0.3, max_tokens=100),
    "openai-cached": lambda: complete("cached"),
    "openai-reasoning": lambda: complete("reasoning"),
    "openai-tool": use_tool,
    "openai-stream": stream,
    "openai-error": fail,
    "openai-embedding": lambda: client.embeddings.create(model=models["embedding"], input=questions["embedding"]),
}
scenarios[sys.argv[1]]()
spans.shutdown()
logs.shutdown()
print(", ".join(f"{name} {version(name)}" for name in ("opentelemetry-instrumentation-openai-v2", "openai")))
