export { type AccessLogFormat, compileAccessLogFormat, InvalidLogFormatError } from './access-log-format.js';
export { type AccessLog, AccessLogs } from './access-logs.js';
export { createExecutionLog, type ExecutionLog, type ExecutionLogOptions } from './execution-log.js';
export { executionTexts, failureTexts } from './execution-log-texts.js';
export { createLogSinks, type LogSink, type LogSinks, type LogSinksOptions } from './log-sinks.js';
