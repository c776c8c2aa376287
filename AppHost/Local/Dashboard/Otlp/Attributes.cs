using System.Globalization;
using MedCor.Hosting.Dashboard.Telemetry;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Otlp;

/// <summary>
/// Attributes and values of opentelemetry/proto/common/v1, as text: they are shown and searched, never reckoned with.
/// More of them, longer and deeper ones than a service has reason to send are cut.
/// </summary>
internal static class Attributes
{
    private const int Most = 64;
    private const int Longest = 8 * 1024;
    private const int LongestTogether = 32 * 1024;
    private const int Deepest = 4;

    /// <summary>Adds a KeyValue.</summary>
    public static void Append(List<Attribute> attributes, ProtobufReader keyValue)
    {
        var (key, value) = ("", "");
        while (keyValue.Next())
        {
            switch (keyValue.Field)
            {
                case 1:
                    key = Cut(keyValue.Text);
                    break;
                case 2:
                    value = Value(keyValue.Message);
                    break;
            }
        }

        if (attributes.Count < Most && attributes.Sum(other => other.Key.Length + other.Value.Length) + key.Length + value.Length <= LongestTogether)
        {
            attributes.Add(new(key, value));
        }
    }

    /// <summary>An AnyValue.</summary>
    public static string Value(ProtobufReader anyValue) => Cut(Value(anyValue, depth: 0));

    /// <summary>A text, but for what is longer than anybody reads.</summary>
    public static string Cut(string text) => text.Length <= Longest ? text : text[..Longest] + "…";

    /// <summary>Which process ResourceSpans, ResourceLogs or ResourceMetrics are of. It need not be their first field.</summary>
    public static Source SourceOf(ProtobufReader signals)
    {
        List<Attribute> attributes = [];
        while (signals.Next())
        {
            if (signals.Field != 1)
            {
                continue;
            }

            var resource = signals.Message;
            while (resource.Next())
            {
                if (resource.Field == 1)
                {
                    Append(attributes, resource.Message);
                }
            }
        }

        string Of(string key) => attributes.FirstOrDefault(attribute => attribute.Key == key).Value ?? "";
        var service = Of("service.name") is { Length: > 0 } name ? name : "unknown";
        return new Source(service, Of("service.instance.id") is { Length: > 0 } instance ? instance : service);
    }

    private static string Value(ProtobufReader any, int depth)
    {
        var value = "";
        while (any.Next())
        {
            value = any.Field switch
            {
                1 => any.Text,
                2 => any.Varint == 0 ? "false" : "true",
                3 => ((long)any.Varint).ToString(CultureInfo.InvariantCulture),
                4 => any.Double.ToString(CultureInfo.InvariantCulture),
                5 or 6 when depth == Deepest => "…",
                5 => $"[{string.Join(", ", Elements(any.Message, depth))}]",
                6 => $"{{{string.Join(", ", Entries(any.Message, depth))}}}",
                7 => Convert.ToHexStringLower(any.Bytes),
                _ => value,
            };
        }

        return value;
    }

    private static List<string> Elements(ProtobufReader array, int depth)
    {
        List<string> elements = [];
        while (array.Next())
        {
            if (array.Field == 1 && elements.Count < Most)
            {
                elements.Add(Value(array.Message, depth + 1));
            }
        }

        return elements;
    }

    private static List<string> Entries(ProtobufReader list, int depth)
    {
        List<string> entries = [];
        while (list.Next())
        {
            if (list.Field != 1 || entries.Count == Most)
            {
                continue;
            }

            var (key, value) = ("", "");
            var entry = list.Message;
            while (entry.Next())
            {
                (key, value) = entry.Field switch
                {
                    1 => (entry.Text, value),
                    2 => (key, Value(entry.Message, depth + 1)),
                    _ => (key, value),
                };
            }

            entries.Add($"{key}: {value}");
        }

        return entries;
    }
}
