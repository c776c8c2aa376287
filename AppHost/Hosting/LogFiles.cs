using System.Globalization;
using Microsoft.Extensions.Hosting;
using Serilog;

namespace MedCor.AppHost.Hosting;

/// <summary>Writes what each resource says to <c>logs/</c>, for whoever looks after the host has ended.</summary>
internal sealed class LogFiles(DistributedApplicationModel model, ResourceLoggerService loggers, DataDirectory data) : BackgroundService
{
    private const int LargestFile = 10 * 1024 * 1024;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        model.Resources.Where(resource => resource is ContainerResource || resource.HasAnnotationOfType<KeepRunningAnnotation>()).Select(resource => WriteAsync(resource, stoppingToken)));

    private async Task WriteAsync(IResource resource, CancellationToken ct)
    {
        await using var file = new LoggerConfiguration()
            .WriteTo.File(Path.Combine(data.For("logs"), resource.Name + ".log"), outputTemplate: "{Message:lj}{NewLine}", formatProvider: CultureInfo.InvariantCulture,
                fileSizeLimitBytes: LargestFile, rollOnFileSizeLimit: true, retainedFileCountLimit: 2)
            .CreateLogger();
        try
        {
            await foreach (var lines in loggers.WatchAsync(resource).WithCancellation(ct))
                foreach (var line in lines) file.Information("{Line:l}", line.Content);
        }
        catch (OperationCanceledException)
        {
            // The host stops.
        }
    }
}
