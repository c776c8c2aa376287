using System.Diagnostics;
using System.Text;

namespace MedCor.Hosting.Processes;

/// <summary>A running program that ends with this process, whatever ends this process.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int LongestLine = 8 * 1024;

    private readonly Command _command;
    private readonly Process _process;
    private readonly Task _output;

    private ChildProcess(Command command, Process process, Log log)
    {
        _command = command;
        _process = process;
        Id = process.Id;
        Started = ProcessTable.StartOf(process.Id);
        Exited = ExitCodeAsync();
        _output = Task.WhenAll(ReadAsync(process.StandardOutput, log), ReadAsync(process.StandardError, log));
    }

    public int Id { get; }

    /// <summary>Tells this process from a later one with the same id; see <see cref="ProcessTable"/>.</summary>
    public long Started { get; }

    /// <summary>Ends with the exit code when the program does.</summary>
    public Task<int> Exited { get; }

    public static async Task<ChildProcess> StartAsync(Command command, Log log)
    {
        var start = new ProcessStartInfo
        {
            WorkingDirectory = command.WorkingDirectory ?? "",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] line = [.. Wrapped(command), command.Program, .. command.Arguments];
        start.FileName = line[0];
        foreach (var argument in line[1..])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in command.Environment)
        {
            start.Environment[name] = value;
        }

        var process = await Spawner.StartAsync(start);
        process.StandardInput.Close();
        return new ChildProcess(command, process, log);
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<int> RunAsync(Command command, Log log, CancellationToken ct)
    {
        await using var child = await StartAsync(command, log);
        var exitCode = await child.Exited.WaitAsync(ct);
        await child._output.WaitAsync(ct);
        return exitCode;
    }

    /// <summary>Asks the program to end, and kills it if it takes longer than its command allows.</summary>
    public async Task StopAsync()
    {
        if (!Exited.IsCompleted)
        {
            ProcessTable.Send(Id, _command.StopSignal);
            await Task.WhenAny(Exited, Task.Delay(_command.StopTimeout));
        }

        if (!Exited.IsCompleted)
        {
            ProcessTable.Send(Id, Signal.Kill);
            await Exited;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        // A grandchild may hold the pipes for a moment longer; what it says then is of no interest.
        await Task.WhenAny(_output, Task.Delay(TimeSpan.FromMilliseconds(200)));
        _process.Dispose();
    }

    // setsid keeps the terminal's Ctrl+C from the program: this process stops it, in order. setpriv exec's, so the id stays
    // the program's own. Where these tools of util-linux are missing, the program runs unwrapped.
    private static IEnumerable<string> Wrapped(Command command)
    {
        if (Programs.Find("setsid") is not { } setsid || Programs.Find("setpriv") is not { } setpriv)
        {
            return [];
        }

        var deathSignal = command.DeathSignal.ToString().ToUpperInvariant();
        return command.User is { } user && Environment.IsPrivilegedProcess
            ? [setsid, setpriv, "--pdeathsig", deathSignal, $"--reuid={user}", $"--regid={user}", "--init-groups", "--"]
            : [setsid, setpriv, "--pdeathsig", deathSignal, "--"];
    }

    private async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    // Not ReadLine: a line without end would be kept whole.
    private static async Task ReadAsync(StreamReader reader, Log log)
    {
        var line = new StringBuilder();
        var buffer = new char[4096];
        try
        {
            while (await reader.ReadAsync(buffer) is var read and > 0)
            {
                foreach (var character in buffer.AsMemory(0, read).ToArray())
                {
                    if (character == '\n' || line.Length == LongestLine)
                    {
                        log.Add(line.ToString());
                        line.Clear();
                    }

                    if (character is not ('\n' or '\r'))
                    {
                        line.Append(character);
                    }
                }
            }
        }
        catch (Exception closed) when (closed is ObjectDisposedException or OperationCanceledException or IOException)
        {
            log.Add($"(output ends: {closed.GetType().Name})");
        }

        if (line.Length > 0)
        {
            log.Add(line.ToString());
        }
    }
}
