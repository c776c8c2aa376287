using Microsoft.Extensions.Logging;

namespace MedCor.Tests.AppHost.Dashboard;

/// <summary>What the tests' services write to their logs.</summary>
internal static partial class Lines
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Waited for {Whom}")]
    public static partial void Waited(this ILogger log, string whom);

    [LoggerMessage(Level = LogLevel.Information, Message = "Served {Whom}")]
    public static partial void Served(this ILogger log, string whom);
}
