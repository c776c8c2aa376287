using Microsoft.Extensions.Logging;

namespace MedCor.Platform.Audit;

/// <summary>
/// Writes the heads of the audit trail's chains to every log, in the category <c>MedCor.AuditHeads</c>, which no level switches off: the configured levels are
/// applied by the factory of loggers, and these loggers come from the providers themselves.
/// </summary>
internal sealed partial class AuditHeadLog(IEnumerable<ILoggerProvider> providers)
{
    /// <summary>The category of the lines.</summary>
    public const string Category = "MedCor.AuditHeads";

    private readonly ILogger[] _logs = [.. providers.Select(provider => provider.CreateLogger(Category))];

    /// <summary>Writes one head.</summary>
    public void Write(string head)
    {
        foreach (var log in _logs) LogHead(log, head);
    }

    [LoggerMessage(2001, LogLevel.Information, "Audit trail: head {Head}")]
    private static partial void LogHead(ILogger log, string head);
}
