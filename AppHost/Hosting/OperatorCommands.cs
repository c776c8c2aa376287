using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using MedCor.AppHost.Data;
using MedCor.AppHost.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace MedCor.AppHost.Hosting;

/// <summary>Represents how a service was started: its program, its directory and its environment.</summary>
internal sealed record ServiceStart(string Name, string Program, string Directory, IReadOnlyDictionary<string, string> Environment)
{
    public static ServiceStart Of(ReplicatedProject service, IEnumerable<EnvironmentVariableSnapshot> environment)
    {
        var project = service.Replicas[0].Resource;
        return new(service.Name, project.GetBuiltProgramPath(), Path.GetDirectoryName(project.GetProjectMetadata().ProjectPath)!,
            environment.Where(variable => variable.IsFromSpec && variable.Value is not null).ToDictionary(variable => variable.Name,
                variable => variable.Value!));
    }

    /// <summary>Creates the start information for running a command in a second process of the service's program.</summary>
    public ProcessStartInfo Command(IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(ExecutableLocator.DotNet, [Program, .. arguments]) { WorkingDirectory = Directory };
        foreach (var (name, value) in Environment) start.Environment[name] = value;
        // The command only makes outgoing connections, and the running service uses the address.
        start.Environment.Remove("ASPNETCORE_URLS");
        return start;
    }
}

/// <summary>
/// Runs operator commands (<c>run clinical verify-audit</c>) by starting the service's program a second time, in the environment of the running service.
/// The operator therefore needs no connection string.
/// </summary>
internal static partial class OperatorCommands
{
    // The exit code of a service that has no such command, or whose command does not accept the arguments: EX_USAGE in sysexits.h.
    private const int WrongCall = 64;

    /// <summary>
    /// Runs a command in the service named by the first argument, otherwise in every service that has the command, in the model's order. Returns the exit
    /// code.
    /// </summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> command, string data)
    {
        if (!File.Exists(DataDirectory.GetRunFile(data)) || PrivateFile.ReadJson<List<ServiceStart>>(DataDirectory.GetServicesFile(data)) is not { } services)
        {
            await Console.Error.WriteLineAsync($"MedCor is not running on {data}. Start it first, in another terminal.");
            return 1;
        }

        if (services.FirstOrDefault(service => service.Name == command[0]) is { } named)
        {
            // Without a command, or with an option in its place, the program would start the service.
            if (command.Count > 1 && !command[1].StartsWith('-')) return (await RunAsync(named, command.Skip(1), isOneOfSeveral: false)).ExitCode;
            await Console.Error.WriteLineAsync($"run {named.Name} needs a command.");
            return WrongCall;
        }

        var isDone = false;
        var complaints = new StringBuilder();
        foreach (var service in services)
        {
            var (exitCode, errors) = await RunAsync(service, command, isOneOfSeveral: true);
            if (exitCode is not (0 or WrongCall)) return exitCode;
            isDone |= exitCode == 0;
            complaints.Append(CultureInfo.InvariantCulture, $"  {service.Name}: {errors.TrimEnd()}\n");
        }

        if (isDone) return 0;
        await Console.Error.WriteAsync($"No service does {string.Join(' ', command)}.\n{complaints}");
        return WrongCall;
    }

    /// <summary>Adds a command of a service to the dashboard. Its output goes to the resource's console.</summary>
    public static ReplicatedProject WithOperatorCommand(this ReplicatedProject service, string name, string title, string icon)
    {
        service.Replicas[0].WithCommand(name, title, async context =>
        {
            if (!context.Services.GetRequiredService<ResourceNotificationService>().TryGetCurrentState(context.ResourceName, out var now))
                return CommandResults.Failure($"{service.Name} does not run.");
            var start = ServiceStart.Of(service, now.Snapshot.EnvironmentVariables).Command([name]);
            var (exitCode, lastLines) = await ProgramRunner.RunAsync(start, line => LogOutput(context.Logger, line), context.CancellationToken);
            return exitCode == 0
                ? CommandResults.Success($"{title}: done", lastLines, CommandResultFormat.Text, displayImmediately: true)
                : CommandResults.Failure($"{name} ended with {exitCode}", lastLines);
        }, new CommandOptions { IconName = icon, Progress = new() { Title = title, Message = $"The console of {service.Name} shows the progress." } });
        return service;
    }

    // When the command runs in many services, the errors of those that do not have it are shown only if none has it.
    private static async Task<(int ExitCode, string Errors)> RunAsync(ServiceStart service, IEnumerable<string> arguments, bool isOneOfSeveral)
    {
        var start = service.Command(arguments);
        start.RedirectStandardError = isOneOfSeveral;
        using var process = Process.Start(start)!;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            ProcessTable.SendSignal(process.Id, Signal.Term);
        });
        // The terminal sends Ctrl+C to both processes. The command exits by itself, and then this process does.
        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        var errors = isOneOfSeveral ? await process.StandardError.ReadToEndAsync() : "";
        await process.WaitForExitAsync();
        if (process.ExitCode is not (0 or WrongCall)) await Console.Error.WriteAsync(errors);
        return (process.ExitCode, errors);
    }

    [LoggerMessage(7010, LogLevel.Information, "{Line}")]
    private static partial void LogOutput(ILogger log, string line);
}
