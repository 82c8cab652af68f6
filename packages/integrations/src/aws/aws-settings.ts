/** Keys of an AWS account or of an emulator; whoever has them may do what they may. */
export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** Where AWS integrations go and who they are signed by (`aws:` of the settings). */
export interface AwsSettings {
  credentials?: AwsCredentials | undefined;
  /** By service (`sqs`) or subdomain and service (`bucket.s3`): an http(s) address in place of AWS's own. */
  endpoints?: Readonly<Record<string, string>> | undefined;
}

/** Domain of the services of a partition: `aws` is the usual one. */
export function serviceDomain(partition: string): string {
  return partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
}
