using MedCor.AppHost.Data;
using Microsoft.Extensions.DependencyInjection;

namespace MedCor.AppHost.Servers;

/// <summary>Adds a command that deletes a server's data.</summary>
internal static class ResetDataCommand
{
    /// <summary>
    /// Adds the command to the dashboard, which asks for confirmation. The services are restarted, because they set up what they need in a server when they
    /// start.
    /// </summary>
    public static IResourceBuilder<T> WithResetDataCommand<T>(this IResourceBuilder<T> server, DataDirectory data) where T : ServerProcess =>
        server.WithCommand("reset-data", "Reset data", async context =>
        {
            var (services, ct) = (context.Services, context.CancellationToken);
            var projects = services.GetRequiredService<DistributedApplicationModel>().Resources.OfType<ProjectResource>().ToArray();
            await Task.WhenAll(projects.Select(project => ExecuteAsync(services, project, KnownResourceCommands.StopCommand, ct)));
            await ExecuteAsync(services, server.Resource, KnownResourceCommands.StopCommand, ct);
            data.DeleteServerData(server.Resource.Name);
            await ExecuteAsync(services, server.Resource, KnownResourceCommands.StartCommand, ct);
            await Task.WhenAll(projects.Select(project => ExecuteAsync(services, project, KnownResourceCommands.StartCommand, ct)));
            return CommandResults.Success($"{server.Resource.Name} starts with no data.");
        }, new CommandOptions
        {
            ConfirmationMessage = $"Delete everything that {server.Resource.Name} stores, and start the services anew?",
            IconName = "Delete",
            Progress = new() { Title = "Reset data", Message = "Services stop, and start again without the data.", HideCancelButton = true },
        });

    private static async Task ExecuteAsync(IServiceProvider services, IResource resource, string command, CancellationToken ct)
    {
        await services.GetRequiredService<ResourceCommandService>().ExecuteCommandAsync(resource, command, ct);
        if (command == KnownResourceCommands.StopCommand)
            await services.GetRequiredService<ResourceNotificationService>().WaitForResourceAsync(resource.Name, KnownResourceStates.TerminalStates, ct);
    }
}
