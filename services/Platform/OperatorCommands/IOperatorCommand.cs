using Microsoft.Extensions.DependencyInjection;

namespace MedCor.Platform.OperatorCommands;

/// <summary>
/// Something that an operator does to a service's data from the command line, beside the running service: <c>dotnet MedCor.Clinical.dll verify-audit</c>.
/// Found by its type. Runs with everything that the service is configured with, but serves nothing and consumes nothing meanwhile.
/// </summary>
public interface IOperatorCommand
{
    /// <summary>The word that it is called by.</summary>
    string Name { get; }

    /// <summary>Whether anything may follow its name. What follows a command that takes nothing is refused, and the command is not run.</summary>
    bool TakesArguments => false;

    /// <summary>Does it, telling its progress to the terminal; answers the process's exit code, 0 for success.</summary>
    /// <param name="arguments">What follows the name.</param>
    Task<int> RunAsync(string[] arguments, CancellationToken ct);
}

internal static class OperatorCommandRunner
{
    /// <summary>Runs the command that the first argument names; 64, the usual code for a wrong call, when there is none of that name or it takes no arguments and is given some.</summary>
    internal static async Task<int> RunAsync(IServiceProvider services, string[] args, CancellationToken ct)
    {
        var commands = services.GetServices<IOperatorCommand>().ToDictionary(c => c.Name);
        if (!commands.TryGetValue(args[0], out var command)) await Console.Error.WriteLineAsync($"{string.Join(' ', args)} is no command of this service. There are: {string.Join(", ", commands.Keys.Append("migrate").Order())}.");
        else if (args.Length > 1 && !command.TakesArguments) await Console.Error.WriteLineAsync($"{command.Name} takes no arguments: leave out {string.Join(' ', args[1..])}.");
        else return await command.RunAsync(args[1..], ct);
        return 64;
    }
}
