using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.OperatorCommands;

/// <summary>
/// Represents an operation that an operator runs on a service's data from the command line, beside the running service: <c>dotnet MedCor.Clinical.dll
/// verify-audit</c>. Found by its type. The command runs with the service's full configuration, but serves no requests and consumes no messages.
/// </summary>
public interface IOperatorCommand
{
    /// <summary>Gets the name of the command.</summary>
    string Name { get; }

    /// <summary>Gets whether the command accepts arguments. A command that accepts none is not run when it is given some.</summary>
    bool TakesArguments => false;

    /// <summary>Runs the command, writing its progress to the terminal, and returns the exit code of the process, 0 for success.</summary>
    /// <param name="arguments">The arguments after the command's name.</param>
    Task<int> RunAsync(string[] arguments, CancellationToken ct);
}

internal static class OperatorCommandRunner
{
    /// <summary>
    /// Runs the command that the first argument names. Returns 64, the usual exit code for incorrect usage, when no command has that name, or the command
    /// accepts no arguments and is given some.
    /// </summary>
    internal static async Task<int> RunAsync(IServiceProvider services, string[] args, CancellationToken ct)
    {
        var commands = services.GetServices<IOperatorCommand>().ToDictionary(c => c.Name);
        if (!commands.TryGetValue(args[0], out var command))
            await Console.Error.WriteLineAsync(
                $"{string.Join(' ', args)} is not a command of this service. Commands: {string.Join(", ", commands.Keys.Append("migrate").Order())}.");
        else if (args.Length > 1 && !command.TakesArguments)
            await Console.Error.WriteLineAsync($"{command.Name} accepts no arguments; remove {string.Join(' ', args[1..])}.");
        else return await command.RunAsync(args[1..], ct);
        return 64;
    }
}
