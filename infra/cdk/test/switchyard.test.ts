import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { App, Duration, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { FUNCTIONS, Switchyard, type SwitchyardProps } from "../lib/switchyard.js";

const binaries = mkdtempSync(join(tmpdir(), "switchyard-cdk-"));
after(() => rmSync(binaries, { recursive: true }));
for (const name of FUNCTIONS) {
  mkdirSync(join(binaries, name));
  writeFileSync(join(binaries, name, "bootstrap"), name);
}

function synthesised(props: SwitchyardProps = {}): { template: Template; switchyard: Switchyard } {
  const stack = new Stack(new App(), "acme");
  const switchyard = new Switchyard(stack, "Switchyard", { binaries, ...props });
  return { template: Template.fromStack(stack), switchyard };
}

test("every resource of the template is there", () => {
  const { template } = synthesised();
  template.resourceCountIs("AWS::Serverless::Function", 7);
  template.resourceCountIs("AWS::SQS::Queue", 9);
  template.resourceCountIs("AWS::SecretsManager::Secret", 6);
  template.resourceCountIs("AWS::Lambda::Url", 3);
  template.resourceCountIs("AWS::ApiGatewayV2::Api", 3);
  template.resourceCountIs("AWS::Lambda::Permission", 10);
  assert.equal(template.toJSON()["Transform"], "AWS::Serverless-2016-10-31");
});

test("what all functions share reaches each of them", () => {
  const { template } = synthesised();
  assert.equal(template.toJSON()["Globals"].Function.Runtime, "provided.al2023");
});

test("each function gets its own binary", () => {
  const functions = synthesised().template.findResources("AWS::Serverless::Function");
  const keys = Object.values(functions).map((resource) => JSON.stringify(resource["Properties"].CodeUri));
  assert.equal(new Set(keys).size, FUNCTIONS.length);
  assert.ok(keys.every((key) => !key.includes("target/lambda")), String(keys));
});

test("the properties become parameters", () => {
  const { template } = synthesised({
    architecture: "x86_64",
    ingress: "HttpApi",
    reserveConcurrency: false,
    reserveReceivers: 77,
    reserveReceiveBranch: 9,
    brazeFiles: { bucket: "acme-currents", prefix: "", paused: true },
    paused: ["braze"],
    profile: "busy",
    permissionsBoundary: "arn:aws:iam::111122223333:policy/limits",
    rolePath: "/apps/",
    kmsKeyArn: "arn:aws:kms:eu-west-1:111122223333:key/k",
    alarms: false,
    alarmEmail: "ops@example.com",
    logRetention: Duration.days(7),
  });
  const text = JSON.stringify(template.toJSON());
  assert.ok(!text.includes('{"Ref":"Architecture"}'));
  template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 7 });
  assert.deepEqual(template.toJSON()["Conditions"].IngressIsHttpApi, { "Fn::Equals": ["HttpApi", "HttpApi"] });
  assert.deepEqual(template.toJSON()["Conditions"].BrazeFilesArePaused, { "Fn::Equals": ["true", "true"] });
  const reserved = Object.values(template.findResources("AWS::Serverless::Function"));
  const counts = reserved.map((resource) => JSON.stringify(resource["Properties"].ReservedConcurrentExecutions ?? ""));
  assert.equal(counts.filter((count) => count.includes("77,")).length, 2, String(counts));
  assert.equal(counts.filter((count) => count.includes("9,")).length, 1, String(counts));
  assert.ok(text.includes("acme-currents") && !text.includes('{"Ref":"BrazeFilesBucket"}'));
  assert.deepEqual(template.toJSON()["Conditions"].AlarmsAreOn, { "Fn::Equals": ["false", "true"] });
  for (const given of ["ops@example.com", "policy/limits", "/apps/", "key/k"]) {
    assert.ok(text.includes(given), given);
  }
  assert.deepEqual(template.toJSON()["Conditions"].ProfileIsBusy, { "Fn::Equals": ["busy", "busy"] });
  assert.deepEqual(template.toJSON()["Conditions"].BrazeIsPaused, { "Fn::Equals": ["true", "true"] });
  assert.deepEqual(template.toJSON()["Conditions"].BranchIsPaused, { "Fn::Equals": ["false", "true"] });
});

test("the URLs are those of the outputs", () => {
  const { switchyard } = synthesised();
  const url = Stack.of(switchyard).resolve(switchyard.receiverUrls.branch)["Fn::If"];
  assert.equal(url[0], "IngressIsHttpApi");
  assert.ok(JSON.stringify(url[1]).includes("ReceiveBranchApi"), JSON.stringify(url));
  assert.deepEqual(url[2], { "Fn::GetAtt": "ReceiveBranchUrl.FunctionUrl" });
  const of = (value: string) => Stack.of(switchyard).resolve(value);
  assert.deepEqual(of(switchyard.deadLetterQueueUrls.braze), { Ref: "BrazeDeadQueue" });
  assert.deepEqual(of(switchyard.fallbackBucketName), { Ref: "FallbackBucket" });
});
