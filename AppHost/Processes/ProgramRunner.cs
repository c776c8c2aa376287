using System.Diagnostics;

namespace MedCor.AppHost.Processes;

/// <summary>Runs programs until they exit.</summary>
internal static class ProgramRunner
{
    private const int TailLines = 15;

    /// <summary>Runs a program and returns its exit code and its last lines of output.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="output">Receives each line of output as it is written.</param>
    public static Task<(int ExitCode, string Tail)> RunAsync(IReadOnlyList<string> command, Action<string> output, CancellationToken ct) =>
        RunAsync(new ProcessStartInfo(command[0], command.Skip(1)), output, ct);

    /// <inheritdoc cref="RunAsync(IReadOnlyList{string}, Action{string}, CancellationToken)" />
    public static async Task<(int ExitCode, string Tail)> RunAsync(ProcessStartInfo start, Action<string> output, CancellationToken ct)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var lastLines = new Queue<string>();
        void Receive(object sender, DataReceivedEventArgs received)
        {
            if (received.Data is not { } text) return;
            lock (lastLines)
            {
                lastLines.Enqueue(text);
                if (lastLines.Count > TailLines) lastLines.Dequeue();
                output(text);
            }
        }

        process.OutputDataReceived += Receive;
        process.ErrorDataReceived += Receive;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            ProcessTable.SendSignal(process.Id, Signal.Term);
            throw;
        }

        return (process.ExitCode, string.Join('\n', lastLines));
    }

    /// <summary>Runs a program that must succeed.</summary>
    /// <exception cref="DistributedApplicationException">The exit code is not 0. The message contains the last lines of output.</exception>
    public static async Task RunRequiredAsync(IReadOnlyList<string> command, Action<string> output, CancellationToken ct)
    {
        var (exitCode, lastLines) = await RunAsync(command, output, ct);
        if (exitCode != 0) throw new DistributedApplicationException($"{Path.GetFileName(command[0])} ended with {exitCode}:\n{lastLines}");
    }
}
