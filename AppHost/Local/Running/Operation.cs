using System.Diagnostics;
using MedCor.Hosting.ApplicationModel;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>
/// An operator's command (<c>run clinical verify-audit</c>): the service's program beside the running one, in the environment that the running host gave that. So an
/// operator needs no connection string.
/// </summary>
internal static class Operation
{
    /// <summary>What a service ends with when it has no command of that name: EX_USAGE of sysexits.h.</summary>
    private const int NoSuchCommand = 64;

    /// <summary>Runs it in the service that is named first, else in every service that has it, in the model's order. Answers the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> operation, IReadOnlyList<ProjectResource> projects, string data, CancellationToken ct)
    {
        if (StateFile.Read(DataDirectory.RunFileOf(data)) is null)
        {
            await Console.Error.WriteLineAsync($"MedCor is not running on {data}. Start it first, in another terminal.");
            return 1;
        }

        if (projects.FirstOrDefault(project => project.Name == operation[0]) is { } named)
        {
            return await RunAsync(named, operation.Skip(1), data, isQuiet: false, ct);
        }

        var known = false;
        // The gateway has no data, so no commands.
        foreach (var project in projects.Where(project => project.Connections.Any(connection => connection.Name == "db")))
        {
            switch (await RunAsync(project, operation, data, isQuiet: true, ct))
            {
                case 0:
                    known = true;
                    break;
                case NoSuchCommand:
                    break;
                case var failed:
                    return failed;
            }
        }

        if (known)
        {
            return 0;
        }

        await Console.Error.WriteLineAsync($"No service has a command {operation[0]}.");
        return NoSuchCommand;
    }

    private static async Task<int> RunAsync(ProjectResource project, IEnumerable<string> arguments, string data, bool isQuiet, CancellationToken ct)
    {
        var start = new ProcessStartInfo(Programs.DotNet, [project.Project.AssemblyPath, .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(project.Project.ProjectPath) ?? "",
            RedirectStandardError = isQuiet,
        };
        foreach (var (name, value) in DataDirectory.ReadJson<Dictionary<string, string>>(DataDirectory.EnvironmentFileOf(data, project.Name)) ?? [])
        {
            start.Environment[name] = value;
        }

        // The command only calls out; the running service has the address.
        start.Environment.Remove("ASPNETCORE_URLS");
        using var process = Process.Start(start) ?? throw new DistributedApplicationException($"{project.Name} could not be started.");
        try
        {
            var said = isQuiet ? await process.StandardError.ReadToEndAsync(ct) : "";
            await process.WaitForExitAsync(ct);
            if (process.ExitCode is not (0 or NoSuchCommand))
            {
                await Console.Error.WriteAsync(said);
            }

            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            ProcessTable.Send(process.Id, Signal.Term);
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
    }
}
