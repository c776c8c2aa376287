using MedCor.Hosting.Dashboard.Telemetry;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Otlp;

/// <summary>ExportTraceServiceRequest of opentelemetry/proto/collector/trace/v1, and what it holds of opentelemetry/proto/trace/v1.</summary>
internal static class TraceRequest
{
    private const int MostEvents = 32;
    private const ulong StatusError = 2;

    /// <summary>The spans; throws <see cref="FormatException"/> when the body is not such a request.</summary>
    public static List<Span> Read(ReadOnlySpan<byte> body)
    {
        List<Span> spans = [];
        var request = new ProtobufReader(body);
        while (request.Next())
        {
            if (request.Field == 1)
            {
                ReadResourceSpans(request.Message, spans);
            }
        }

        return spans;
    }

    private static void ReadResourceSpans(ProtobufReader resourceSpans, List<Span> spans)
    {
        var source = Attributes.SourceOf(resourceSpans);

        while (resourceSpans.Next())
        {
            if (resourceSpans.Field != 2)
            {
                continue;
            }

            var scopeSpans = resourceSpans.Message;
            while (scopeSpans.Next())
            {
                if (scopeSpans.Field == 2)
                {
                    spans.Add(ReadSpan(scopeSpans.Message, source));
                }
            }
        }
    }

    private static Span ReadSpan(ProtobufReader span, Source source)
    {
        var (traceId, spanId, parentId, name, statusMessage) = ("", "", "", "", "");
        var (start, end, kind, isError) = (0L, 0L, SpanKind.Internal, false);
        List<Attribute> attributes = [];
        List<SpanEvent> events = [];
        while (span.Next())
        {
            switch (span.Field)
            {
                case 1:
                    traceId = Id(span.Bytes, length: 16);
                    break;
                case 2:
                    spanId = Id(span.Bytes, length: 8);
                    break;
                case 4 when !span.Bytes.IsEmpty:
                    parentId = Id(span.Bytes, length: 8);
                    break;
                case 5:
                    name = Attributes.Cut(span.Text);
                    break;
                case 6:
                    kind = span.Varint is > 0 and <= (ulong)SpanKind.Consumer ? (SpanKind)span.Varint : SpanKind.Internal;
                    break;
                case 7:
                    start = (long)span.Fixed64;
                    break;
                case 8:
                    end = (long)span.Fixed64;
                    break;
                case 9:
                    Attributes.Append(attributes, span.Message);
                    break;
                case 11 when events.Count < MostEvents:
                    events.Add(ReadEvent(span.Message));
                    break;
                case 15:
                    (isError, statusMessage) = ReadStatus(span.Message);
                    break;
            }
        }

        if (traceId.Length == 0 || spanId.Length == 0)
        {
            throw new FormatException("A span has no id.");
        }

        return new Span(traceId, spanId, parentId, source, name, kind, start, Math.Max(start, end), isError, statusMessage, [.. attributes], [.. events]);
    }

    private static SpanEvent ReadEvent(ProtobufReader happened)
    {
        var (time, name) = (0L, "");
        List<Attribute> attributes = [];
        while (happened.Next())
        {
            switch (happened.Field)
            {
                case 1:
                    time = (long)happened.Fixed64;
                    break;
                case 2:
                    name = Attributes.Cut(happened.Text);
                    break;
                case 3:
                    Attributes.Append(attributes, happened.Message);
                    break;
            }
        }

        return new SpanEvent(time, name, [.. attributes]);
    }

    private static (bool IsError, string Message) ReadStatus(ProtobufReader status)
    {
        var (isError, message) = (false, "");
        while (status.Next())
        {
            (isError, message) = status.Field switch
            {
                2 => (isError, Attributes.Cut(status.Text)),
                3 => (status.Varint == StatusError, message),
                _ => (isError, message),
            };
        }

        return (isError, message);
    }

    private static string Id(ReadOnlySpan<byte> bytes, int length) =>
        bytes.Length == length ? Convert.ToHexStringLower(bytes) : throw new FormatException("An id has another length than ids have.");
}
