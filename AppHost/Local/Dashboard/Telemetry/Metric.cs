using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>What becomes of a measure: a gauge goes up and down; counters and histograms count since their process began.</summary>
internal enum MetricKind
{
    Gauge,
    Counter,
    Histogram,
}

/// <summary>What is measured, and in which unit, as UCUM writes it.</summary>
internal sealed record Metric(string Name, string Description, string Unit, MetricKind Kind);

/// <summary>
/// A value of a metric as a process has sent it: the value alone; of a histogram its count, its sum and the count of each bucket,
/// which end at the bounds, and the last one nowhere.
/// </summary>
internal sealed record Reading(Source Source, Metric Metric, Attribute[] Labels, double[] Values, double[] Bounds);
