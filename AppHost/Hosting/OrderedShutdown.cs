using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.Hosting;

namespace MedCor.AppHost.Hosting;

/// <summary>Stops the services before the servers that they need. The orchestrator alone would stop all resources at once.</summary>
internal sealed class OrderedShutdown(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceCommandService commands, ConsoleReport report,
    StartedProcesses started) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        report.ReportStopping();
        await StopAsync(model.Resources.OfType<ProjectResource>(), cancellationToken);
        await StopAsync(model.Resources.OfType<ExecutableResource>().Where(resource => resource.HasAnnotationOfType<KeepRunningAnnotation>()),
            cancellationToken);
        started.Clear();
    }

    private Task StopAsync(IEnumerable<IResource> resources, CancellationToken ct) => Task.WhenAll(resources.Select(async resource =>
    {
        // A resource that never started cannot be stopped.
        var result = await commands.ExecuteCommandAsync(resource, KnownResourceCommands.StopCommand, ct);
        if (result.Success) await notifications.WaitForResourceAsync(resource.Name, KnownResourceStates.TerminalStates, ct);
    }));
}
