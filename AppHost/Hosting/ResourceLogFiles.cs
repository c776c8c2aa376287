using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using MedCor.AppHost.Data;
using Serilog;

namespace MedCor.AppHost.Hosting;

/// <summary>Writes what each resource says to <c>logs/</c>, for whoever looks after the host has ended.</summary>
internal sealed partial class ResourceLogFiles(ResourceLoggerService loggers, DataDirectory data) : IAsyncDisposable
{
    private const int MaxFileSize = 10 * 1024 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Task> _writing = [];

    /// <summary>Writes a resource's console to a file from now on.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="resourceId">The orchestrator's name of the resource.</param>
    public void Follow(string name, string resourceId) => _writing.GetOrAdd(name, _ => WriteAsync(name, resourceId));

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writing.Values);
        _stop.Dispose();
    }

    private async Task WriteAsync(string name, string resourceId)
    {
        await using var file = new LoggerConfiguration()
            .WriteTo.File(Path.Combine(data.GetDirectory("logs"), name + ".log"), outputTemplate: "{Message:lj}{NewLine}", formatProvider: CultureInfo.InvariantCulture,
                fileSizeLimitBytes: MaxFileSize, rollOnFileSizeLimit: true, retainedFileCountLimit: 2)
            .CreateLogger();
        try
        {
            await foreach (var lines in loggers.WatchAsync(resourceId).WithCancellation(_stop.Token))
                foreach (var line in lines) file.Information("{Line:l}", AnsiColor().Replace(line.Content, ""));
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }

    // Aspire has programs color what they say, for the dashboard.
    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex AnsiColor();
}
