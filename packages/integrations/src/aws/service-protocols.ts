/** How services in action form want to be asked. */
interface JsonProtocol {
  /** Before the action's name in `X-Amz-Target`. */
  target: string;
  contentType: 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';
  /** The service speaks the query protocol too, which AWS uses unless the mappings ask for JSON by its content type. */
  whereAsked?: boolean;
}

const json10 = 'application/x-amz-json-1.0';
const json11 = 'application/x-amz-json-1.1';

const jsonServices: Readonly<Record<string, JsonProtocol>> = {
  'cognito-idp': { target: 'AWSCognitoIdentityProviderService', contentType: json11 },
  dynamodb: { target: 'DynamoDB_20120810', contentType: json10 },
  events: { target: 'AWSEvents', contentType: json11 },
  firehose: { target: 'Firehose_20150804', contentType: json11 },
  kinesis: { target: 'Kinesis_20131202', contentType: json11 },
  kms: { target: 'TrentService', contentType: json11 },
  logs: { target: 'Logs_20140328', contentType: json11 },
  secretsmanager: { target: 'secretsmanager', contentType: json11 },
  sqs: { target: 'AmazonSQS', contentType: json10, whereAsked: true },
  ssm: { target: 'AmazonSSM', contentType: json11 },
  states: { target: 'AWSStepFunctions', contentType: json10 },
};

/** Services whose name in signatures is not the one in their address. */
const signingNames: Readonly<Record<string, string>> = { email: 'ses', iotdata: 'iotdata', 'data-ats': 'iotdata' };

export function signingNameOf(service: string): string {
  return Object.hasOwn(signingNames, service) ? (signingNames[service] ?? service) : service;
}

/** What an action adds to its request: header fields for the JSON protocol, `Action` in the query for the others. */
export interface ActionRequest {
  headers: Record<string, string>;
  query: [name: string, value: string][];
}

/** `mappedContentType`: what the mappings have set, if anything. */
export function actionRequest(service: string, action: string, mappedContentType: string | undefined): ActionRequest {
  const protocol = Object.hasOwn(jsonServices, service) ? jsonServices[service] : undefined;
  const asked = mappedContentType?.toLowerCase().startsWith('application/x-amz-json-') === true;
  if (protocol === undefined || (protocol.whereAsked === true && !asked)) {
    return { headers: { 'content-type': 'application/x-www-form-urlencoded' }, query: [['Action', action]] };
  }
  const headers = { 'content-type': protocol.contentType, 'x-amz-target': `${protocol.target}.${action}` };
  return { headers, query: [] };
}
