using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using MedCor.AppHost.Data;
using Serilog;

namespace MedCor.AppHost.Hosting;

/// <summary>Writes the console output of each resource to a file in <c>logs/</c>, so that it can be read after the host has exited.</summary>
internal sealed partial class ResourceLogFiles(ResourceLoggerService loggers, DataDirectory data) : IAsyncDisposable
{
    private const int MaxFileSize = 10 * 1024 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, Task> _writing = [];

    /// <summary>Starts writing the console output of a resource to a file.</summary>
    /// <param name="name">The name of the file.</param>
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
            .WriteTo.File(Path.Combine(data.GetDirectory("logs"), name + ".log"), outputTemplate: "{Message:lj}{NewLine}",
                formatProvider: CultureInfo.InvariantCulture, fileSizeLimitBytes: MaxFileSize, rollOnFileSizeLimit: true, retainedFileCountLimit: 2)
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

    // Aspire makes programs color their output for the dashboard.
    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex AnsiColor();
}
