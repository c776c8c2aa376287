using MedCor.Hosting.Dashboard.Telemetry;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Otlp;

/// <summary>
/// ExportMetricsServiceRequest of opentelemetry/proto/collector/metrics/v1, and what it holds of opentelemetry/proto/metrics/v1:
/// gauges, sums and histograms, the cumulative ones. Deltas, summaries and exponential histograms, which MedCor's services do not send, are passed over.
/// </summary>
internal static class MetricRequest
{
    private const int MostBuckets = 256;
    private const ulong Cumulative = 2;

    /// <summary>The points; throws <see cref="FormatException"/> when the body is not such a request.</summary>
    public static List<Reading> Read(ReadOnlySpan<byte> body)
    {
        List<Reading> readings = [];
        var request = new ProtobufReader(body);
        while (request.Next())
        {
            if (request.Field == 1)
            {
                ReadResourceMetrics(request.Message, readings);
            }
        }

        return readings;
    }

    private static void ReadResourceMetrics(ProtobufReader resourceMetrics, List<Reading> readings)
    {
        var source = Attributes.SourceOf(resourceMetrics);

        while (resourceMetrics.Next())
        {
            if (resourceMetrics.Field != 2)
            {
                continue;
            }

            var scopeMetrics = resourceMetrics.Message;
            while (scopeMetrics.Next())
            {
                if (scopeMetrics.Field == 2)
                {
                    ReadMetric(scopeMetrics.Message, source, readings);
                }
            }
        }
    }

    private static void ReadMetric(ProtobufReader metric, Source source, List<Reading> readings)
    {
        var (name, description, unit) = ("", "", "");
        var ofMetric = metric;
        while (ofMetric.Next())
        {
            switch (ofMetric.Field)
            {
                case 1:
                    name = Attributes.Cut(ofMetric.Text);
                    break;
                case 2:
                    description = Attributes.Cut(ofMetric.Text);
                    break;
                case 3:
                    unit = Attributes.Cut(ofMetric.Text);
                    break;
            }
        }

        while (metric.Next())
        {
            if (metric.Field is 5 or 7 or 9)
            {
                ReadPoints(metric.Message, metric.Field, (name, description, unit), source, readings);
            }
        }
    }

    private static void ReadPoints(ProtobufReader data, int field, (string Name, string Description, string Unit) named, Source source, List<Reading> readings)
    {
        var (temporality, isMonotonic) = (Cumulative, false);
        var ofData = data;
        while (field != 5 && ofData.Next())
        {
            switch (ofData.Field)
            {
                case 2:
                    temporality = ofData.Varint;
                    break;
                case 3:
                    isMonotonic = ofData.Varint != 0;
                    break;
            }
        }

        var kind = field == 9 ? MetricKind.Histogram : isMonotonic ? MetricKind.Counter : MetricKind.Gauge;
        var metric = new Metric(named.Name, named.Description, named.Unit, kind);
        while (data.Next())
        {
            if (data.Field == 1)
            {
                var reading = kind == MetricKind.Histogram ? ReadHistogram(data.Message, metric, source) : ReadNumber(data.Message, metric, source);
                if (temporality == Cumulative && reading.Values.Concat(reading.Bounds).All(double.IsFinite))
                {
                    readings.Add(reading);
                }
            }
        }
    }

    private static Reading ReadNumber(ProtobufReader point, Metric metric, Source source)
    {
        var value = 0d;
        List<Attribute> labels = [];
        while (point.Next())
        {
            switch (point.Field)
            {
                case 4:
                    value = point.Double;
                    break;
                case 6:
                    value = (long)point.Fixed64;
                    break;
                case 7:
                    Attributes.Append(labels, point.Message);
                    break;
            }
        }

        return new Reading(source, metric, [.. labels], [value], []);
    }

    private static Reading ReadHistogram(ProtobufReader point, Metric metric, Source source)
    {
        var (count, sum) = (0d, 0d);
        List<ulong> buckets = [];
        List<ulong> bounds = [];
        List<Attribute> labels = [];
        while (point.Next())
        {
            switch (point.Field)
            {
                case 4:
                    count = point.Fixed64;
                    break;
                case 5:
                    sum = point.Double;
                    break;
                case 6:
                    point.AppendTo(buckets);
                    break;
                case 7:
                    point.AppendTo(bounds);
                    break;
                case 9:
                    Attributes.Append(labels, point.Message);
                    break;
            }
        }

        // Without buckets all values lie in one, of which nothing is known.
        if (buckets.Count == 0)
        {
            buckets.Add((ulong)count);
        }

        if (buckets.Count > MostBuckets || buckets.Count != bounds.Count + 1)
        {
            throw new FormatException("A histogram has other buckets than its bounds make.");
        }

        double[] values = [count, sum, .. buckets.Select(bucket => (double)bucket)];
        return new Reading(source, metric, [.. labels], values, [.. bounds.Select(BitConverter.UInt64BitsToDouble)]);
    }
}
