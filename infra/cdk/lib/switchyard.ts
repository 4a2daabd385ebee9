import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Token, type Duration } from "aws-cdk-lib";
import { CfnInclude } from "aws-cdk-lib/cloudformation-include";
import type { CfnFunction, CfnLayerVersion } from "aws-cdk-lib/aws-sam";
import { Asset } from "aws-cdk-lib/aws-s3-assets";
import { Construct } from "constructs";

/** The package's root: that of the npm package, or `infra/cdk` in the repository. */
const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
/** The npm package holds template, settings and the functions' zips itself. */
const IS_PACKED = existsSync(`${PACKAGE}template.yaml`);
const INFRA = IS_PACKED ? PACKAGE : fileURLToPath(new URL("../../../", import.meta.url));

/** The vendors, each of them a source and a destination. */
export type Vendor = "segment" | "braze" | "branch";

/** The functions by their folder, which is also the name of their binary. */
export const FUNCTIONS = [
  "receive-segment",
  "receive-braze",
  "receive-branch",
  "deliver-braze",
  "deliver-branch",
  "deliver-segment",
  "read-braze-files",
] as const;

/** Where Braze Currents writes its files. */
export interface BrazeFiles {
  /** The name of the bucket. */
  readonly bucket: string;
  /** What the keys of the files begin with; "" for the whole bucket. */
  readonly prefix?: string;
  /** The KMS key that encrypts the bucket, if it has one of its own. */
  readonly keyArn?: string;
  /** Whether files wait in their queue for now. */
  readonly paused?: boolean;
}

/** What may be chosen; the defaults are those of `infra/template.yaml`. */
export interface SwitchyardProps {
  /**
   * The folder that `cargo lambda build --release` has filled. Default: the zips of the npm package, or `target/lambda` of the
   * repository.
   */
  readonly binaries?: string;
  /** The folder that holds `switchyard.toml`. Default: the settings as they are shipped. */
  readonly settings?: string;
  /** The processor that the binaries are built for. */
  readonly architecture?: "arm64" | "x86_64";
  /** Reserves 231 concurrent executions; false is for accounts with a quota under 1000. */
  readonly reserveConcurrency?: boolean;
  /** What is before the receivers: Function URLs, or an HTTP API each, which costs 1 USD a million requests more. */
  readonly ingress?: "FunctionUrl" | "HttpApi";
  /** Concurrent executions reserved for receive-segment and for receive-braze, each. */
  readonly reserveReceivers?: number;
  /** Concurrent executions reserved for receive-branch. */
  readonly reserveReceiveBranch?: number;
  /** Currents files that are read out of a bucket of yours. */
  readonly brazeFiles?: BrazeFiles;
  /** Destinations whose events wait in their queue for now. */
  readonly paused?: readonly Vendor[];
  /** Whether alarms, their topic and the dashboard are made; they are by default. */
  readonly alarms?: boolean;
  /** An address that gets a mail from each alarm. */
  readonly alarmEmail?: string;
  /** How many messages are gathered for one invocation: `busy` means more, and costs less where much comes. */
  readonly profile?: "quiet" | "busy";
  /** The ARN of the permissions boundary of every role. */
  readonly permissionsBoundary?: string;
  /** The path of every role. */
  readonly rolePath?: string;
  /** The ARN of a KMS key for queues, log groups and secrets. */
  readonly kmsKeyArn?: string;
  /** How long log lines are kept, in a number of days that CloudWatch Logs offers. */
  readonly logRetention?: Duration;
}

/**
 * Switchyard: the resources of `infra/template.yaml`, which stays the one description of them.
 *
 * Their names begin with the stack's name, so a stack holds one Switchyard.
 */
export class Switchyard extends Construct {
  /** Where each vendor's webhook is pointed. */
  readonly receiverUrls: Readonly<Record<Vendor, string>>;
  /** The queue of events that are set aside with a reason, for a person. */
  readonly parkedQueueUrl: string;
  /** The queues of what SQS gave up after 500 receives, by destination. */
  readonly deadLetterQueueUrls: Readonly<Record<Vendor, string>>;
  /** The bucket of requests that wait for SQS, and of bodies too large for a message. */
  readonly fallbackBucketName: string;
  /** The included template, for what this construct does not offer. */
  readonly template: CfnInclude;

  constructor(scope: Construct, id: string, props: SwitchyardProps = {}) {
    super(scope, id);
    this.template = new CfnInclude(this, "Template", {
      templateFile: `${INFRA}template.yaml`,
      preserveLogicalIds: true,
      parameters: parameters(props),
    });
    this.attachCode(props);
    this.receiverUrls = {
      segment: this.receiverUrl("ReceiveSegmentUrl"),
      braze: this.receiverUrl("ReceiveBrazeUrl"),
      branch: this.receiverUrl("ReceiveBranchUrl"),
    };
    this.parkedQueueUrl = this.template.getResource("ParkedQueue").ref;
    this.deadLetterQueueUrls = {
      segment: this.template.getResource("SegmentDeadQueue").ref,
      braze: this.template.getResource("BrazeDeadQueue").ref,
      branch: this.template.getResource("BranchDeadQueue").ref,
    };
    this.fallbackBucketName = this.template.getResource("FallbackBucket").ref;
  }

  /** Uploads what the template names by local paths, as `sam deploy` would. */
  private attachCode(props: SwitchyardProps): void {
    for (const name of FUNCTIONS) {
      const code = new Asset(this, name, { path: codePath(name, props.binaries) });
      const resource = this.template.getResource(logicalName(name)) as CfnFunction;
      resource.codeUri = { bucket: code.s3BucketName, key: code.s3ObjectKey };
    }
    const settings = new Asset(this, "settings", { path: props.settings ?? `${INFRA}settings` });
    const layer = this.template.getResource("SettingsLayer") as CfnLayerVersion;
    layer.contentUri = { bucket: settings.s3BucketName, key: settings.s3ObjectKey };
  }

  private receiverUrl(output: string): string {
    return Token.asString(this.template.getOutput(output).value);
  }
}

/** What holds a function's bootstrap: a folder, or in the npm package a zip. */
function codePath(name: string, binaries?: string): string {
  if (binaries === undefined && IS_PACKED) {
    return `${PACKAGE}functions/${name}.zip`;
  }
  return `${binaries ?? `${INFRA}../target/lambda`}/${name}`;
}

/** `receive-segment` is `ReceiveSegment` in the template. */
export function logicalName(folder: string): string {
  return folder.replace(/(^|-)([a-z])/g, (_, _dash, letter: string) => letter.toUpperCase());
}

function parameters(props: SwitchyardProps): Record<string, unknown> {
  const paused = new Set(props.paused ?? []);
  return {
    ...(props.architecture && { Architecture: props.architecture }),
    ...(props.reserveConcurrency !== undefined && { ReserveConcurrency: String(props.reserveConcurrency) }),
    ...(props.ingress && { Ingress: props.ingress }),
    ...(props.reserveReceivers !== undefined && { ReserveReceivers: props.reserveReceivers }),
    ...(props.reserveReceiveBranch !== undefined && { ReserveReceiveBranch: props.reserveReceiveBranch }),
    ...(props.brazeFiles && {
      BrazeFilesBucket: props.brazeFiles.bucket,
      ...(props.brazeFiles.prefix !== undefined && { BrazeFilesPrefix: props.brazeFiles.prefix }),
      ...(props.brazeFiles.keyArn && { BrazeFilesKeyArn: props.brazeFiles.keyArn }),
      PauseBrazeFiles: String(props.brazeFiles.paused ?? false),
    }),
    ...(props.alarms !== undefined && { Alarms: String(props.alarms) }),
    ...(props.alarmEmail && { AlarmEmail: props.alarmEmail }),
    ...(props.profile && { Profile: props.profile }),
    ...(props.permissionsBoundary && { PermissionsBoundary: props.permissionsBoundary }),
    ...(props.rolePath && { RolePath: props.rolePath }),
    ...(props.kmsKeyArn && { KmsKeyArn: props.kmsKeyArn }),
    ...(props.logRetention && { LogRetentionDays: props.logRetention.toDays() }),
    PauseSegment: String(paused.has("segment")),
    PauseBraze: String(paused.has("braze")),
    PauseBranch: String(paused.has("branch")),
  };
}
