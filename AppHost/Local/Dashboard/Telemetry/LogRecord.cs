using System.Text.RegularExpressions;
using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>As ILogger has them.</summary>
internal enum LogLevel
{
    Trace,
    Debug,
    Information,
    Warning,
    Error,
    Critical,
}

/// <summary>A line of a service's log, with what it is about. Its time is nanoseconds since 1970; the ids are empty outside of any span.</summary>
internal sealed partial record LogRecord(
    long Time, Source Source, string Category, LogLevel Level, string Message, string TraceId, string SpanId, Attribute[] Attributes)
{
    /// <summary>About how much memory it takes, in bytes.</summary>
    public long Size => 200 + Text.Size(Category, Message, TraceId, SpanId) + Text.Size(Attributes);

    /// <summary>Severities come in fours, from 1; 0 is unknown.</summary>
    public static LogLevel LevelOf(int severity) => severity == 0 ? LogLevel.Information : (LogLevel)((severity - 1) / 4);

    /// <summary>The message of a template such as <c>Audit trail: head {Head}</c>: the services send the two apart.</summary>
    public static string Fill(string template, IReadOnlyList<Attribute> attributes) => Placeholder().Replace(template, placeholder =>
        attributes.FirstOrDefault(attribute => attribute.Key == placeholder.Groups[1].Value).Value ?? placeholder.Value);

    [GeneratedRegex(@"\{@?(\w+)(?:[,:][^}]*)?\}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 200)]
    private static partial Regex Placeholder();
}
