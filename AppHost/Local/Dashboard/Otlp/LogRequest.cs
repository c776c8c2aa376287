using MedCor.Hosting.Dashboard.Telemetry;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Otlp;

/// <summary>ExportLogsServiceRequest of opentelemetry/proto/collector/logs/v1, and what it holds of opentelemetry/proto/logs/v1.</summary>
internal static class LogRequest
{
    /// <summary>The records; throws <see cref="FormatException"/> when the body is not such a request.</summary>
    public static List<LogRecord> Read(ReadOnlySpan<byte> body)
    {
        List<LogRecord> records = [];
        var request = new ProtobufReader(body);
        while (request.Next())
        {
            if (request.Field == 1)
            {
                ReadResourceLogs(request.Message, records);
            }
        }

        return records;
    }

    private static void ReadResourceLogs(ProtobufReader resourceLogs, List<LogRecord> records)
    {
        var source = Attributes.SourceOf(resourceLogs);

        while (resourceLogs.Next())
        {
            if (resourceLogs.Field == 2)
            {
                ReadScopeLogs(resourceLogs.Message, source, records);
            }
        }
    }

    private static void ReadScopeLogs(ProtobufReader scopeLogs, Source source, List<LogRecord> records)
    {
        var category = "";
        var ofScope = scopeLogs;
        while (ofScope.Next())
        {
            if (ofScope.Field == 1)
            {
                category = ReadName(ofScope.Message);
            }
        }

        while (scopeLogs.Next())
        {
            if (scopeLogs.Field == 2)
            {
                records.Add(ReadRecord(scopeLogs.Message, source, category));
            }
        }
    }

    private static string ReadName(ProtobufReader scope)
    {
        var name = "";
        while (scope.Next())
        {
            name = scope.Field == 1 ? Attributes.Cut(scope.Text) : name;
        }

        return name;
    }

    private static LogRecord ReadRecord(ProtobufReader record, Source source, string category)
    {
        var (time, observed, severity, template, traceId, spanId) = (0L, 0L, 0, "", "", "");
        List<Attribute> attributes = [];
        while (record.Next())
        {
            switch (record.Field)
            {
                case 1:
                    time = (long)record.Fixed64;
                    break;
                case 2:
                    severity = (int)Math.Min(record.Varint, 24);
                    break;
                case 5:
                    template = Attributes.Value(record.Message);
                    break;
                case 6:
                    Attributes.Append(attributes, record.Message);
                    break;
                case 9:
                    traceId = Convert.ToHexStringLower(record.Bytes);
                    break;
                case 10:
                    spanId = Convert.ToHexStringLower(record.Bytes);
                    break;
                case 11:
                    observed = (long)record.Fixed64;
                    break;
            }
        }

        return new LogRecord(time != 0 ? time : observed, source, category, LogRecord.LevelOf(severity), LogRecord.Fill(template, attributes), traceId, spanId, [.. attributes]);
    }
}
