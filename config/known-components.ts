import type { ComponentKind } from "../pipeline/factory.ts";

/** The kinds of components of the Collector. */
export type CollectorKind = ComponentKind | "connectors";

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * Component types of the Collector and its contrib distribution, current and former names. Used to tell a component
 * that Signalbox lacks from a typing error; those that Signalbox has may stand here too.
 */
export const knownComponents: Readonly<Record<CollectorKind, ReadonlySet<string>>> = {
  receivers: words(`
    active_directory_ds activedirectoryds aerospike apache apachespark awscloudwatch awscontainerinsightreceiver
    awsecscontainermetrics awsfirehose awslambda awss3 awsxray azureblob azureeventhub azuremonitor bigip carbon chrony
    ciscoos cloudflare cloudfoundry collectd couchdb datadog docker_stats elasticsearch envoyals expvar faro file_log file_stats
    filelog filestats flinkmetrics fluentforward github gitlab googlecloudmonitoring googlecloudpubsub
    googlecloudspanner haproxy host_metrics hostmetrics httpcheck icmpcheck iis influxdb jaeger jmx journald k8s_cluster
    k8s_events k8sobjects kafka kafkametrics kubeletstats libhoney loki macosunifiedlogging memcached mongodb mongodbatlas mysql namedpipe
    netflow nginx nop nsxt ntp opencensus oracledb osquery otelarrow otlp otlpjsonfile otlp_json_file podman_stats
    postgresql pprof profiling prometheus prometheus_simple prometheus_remote_write prometheusremotewrite pulsar purefa purefb rabbitmq
    receiver_creator redfish redis riak saphana signalfx simpleprometheus skywalking snmp snowflake solace splunk_hec
    splunkenterprise sqlquery sqlserver sshcheck statsd stef syslog systemd tcpcheck tcplog tlscheck udplog vcenter vcr
    wavefront webhookevent windowseventlog windowsperfcounters windowsservice yanggrpc zipkin zookeeper
  `),
  processors: words(`
    attributes batch cardinality_guardian coralogix cumulativetodelta cumulative_to_delta deltatocumulative delta_to_cumulative deltatorate
    delta_to_rate dnslookup drain filter gen_ai_normalizer geoip groupbyattrs group_by_attrs groupbytrace interval isolationforest
    k8s_attributes k8sattributes logdedup log_dedup logstransform lookup memory_limiter metricsgeneration
    metrics_generation metricstarttime metric_start_time metricstransform metrics_transform probabilistic_sampler
    redaction remotetap remote_tap resource resourcedetection resource_detection routing schema service_graph span
    spanmetrics spanpruning sumologic tail_sampling transform unroll
  `),
  exporters: words(`
    alertmanager alibabacloud_logservice awscloudwatchlogs awsemf awskinesis awss3 awsxray azureblob azuredataexplorer
    azuremonitor bmchelix carbon cassandra clickhouse coralogix datadog dataset debug doris elasticsearch faro file
    googlecloud googlecloudpubsub googlecloudstorage googlemanagedprometheus honeycombmarker influxdb instana jaeger
    jaeger_thrift kafka kineticadb load_balancing loadbalancing logging logicmonitor logzio loki mezmo nop opencensus
    opensearch otelarrow otlp otlp_grpc otlp_http otlphttp prometheus prometheusremotewrite prometheus_remote_write
    pulsar rabbitmq sapm sematext sentry signalfx skywalking splunk_hec stef sumologic syslog tencentcloud_logservice
    tinybird zipkin
  `),
  connectors: words(`
    count datadog exceptions failover forward grafanacloud metricsaslogs metrics_as_logs otlpjson otlp_json
    roundrobin round_robin routing servicegraph service_graph signal_to_metrics signaltometrics slowsql spanmetrics
    span_metrics spanevents sum
  `),
  extensions: words(`
    ack asapclient avro_log_encoding aws_iam_db_auth aws_logs_encoding awscloudwatchmetricstreams_encoding awsproxy azure_auth
    azure_encoding azureauth basicauth basic_auth bearertokenauth bearer_token_auth cfgarden_observer
    cgroup_runtime cgroupruntime datadog db_storage dbstorage docker_observer dynatrace ecs_observer
    ecs_task_observer file_storage google_cloud_logentry_encoding googleclientauth googlecloudlogentry_encoding
    headers_setter health_check healthcheckv2 host_observer http_forwarder httpforwarder jaeger_encoding
    jaegerremotesampling json_log_encoding k8s_leader_elector k8s_observer kafkatopics_observer memory_ballast
    memory_limiter oauth2client oidc opamp otlp_encoding pprof redis_storage remotetap sigv4auth skywalking_encoding
    solarwindsapmsettings storage sumologic text_encoding zipkin_encoding zpages
  `),
};

/** Every type of `knownComponents`, as `plainType` has it. */
const plainTypes = new Map(
  Object.entries(knownComponents).map(([kind, types]) => [kind, new Set(Array.from(types, plainType))]),
);

/** The type without underscores: the Collector gives its components names with them, one after another. */
export function plainType(type: string): string {
  return type.replaceAll("_", "");
}

/** Whether the Collector has, or had, the component, under whichever of its names. */
export function isKnownComponent(kind: CollectorKind, type: string): boolean {
  return plainTypes.get(kind)!.has(plainType(type));
}
