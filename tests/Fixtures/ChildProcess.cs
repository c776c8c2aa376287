using System.Collections.Concurrent;
using System.Diagnostics;
using MedCor.AppHost.Processes;

namespace MedCor.Tests.Fixtures;

/// <summary>Runs a program as a child process and collects what it writes to its console.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<(string Line, bool IsError)> _lines = new();

    private ChildProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, received) => Collect(received.Data, isError: false);
        _process.ErrorDataReceived += (_, received) => Collect(received.Data, isError: true);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Gets the exit code of a process that has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Gets the lines that the process has written so far, those of both streams in the order of their arrival.</summary>
    public string Console => Join(_ => true);

    /// <summary>Gets the lines that the process has written to its standard output so far.</summary>
    public string Output => Join(line => !line.IsError);

    /// <summary>Gets the lines that the process has written to its standard error so far.</summary>
    public string Errors => Join(line => line.IsError);

    /// <summary>Starts a program. Its standard input stays open.</summary>
    public static ChildProcess Start(ProcessStartInfo start) => new(start);

    /// <summary>Runs a program to its end and returns the ended process.</summary>
    /// <param name="input">The whole standard input.</param>
    /// <param name="timeout">The time after which the process and its children are killed, so that the exit code is an error; by default none.</param>
    public static async Task<ChildProcess> Run(ProcessStartInfo start, string input = "", TimeSpan? timeout = null)
    {
        var process = Start(start);
        await process.SendInput(input);
        try
        {
            await process.WaitForExit(timeout ?? Timeout.InfiniteTimeSpan);
        }
        catch (TimeoutException)
        {
            process._process.Kill(entireProcessTree: true);
            await process._process.WaitForExitAsync();
        }
        return process;
    }

    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <exception cref="InvalidOperationException">The exit code is not 0. The message contains what the program wrote.</exception>
    public static async Task<string> RunSuccessfully(ProcessStartInfo start, string input = "", TimeSpan? timeout = null)
    {
        await using var process = await Run(start, input, timeout);
        return process.ExitCode == 0
            ? process.Output
            : throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}:\n{process.Console}");
    }

    /// <summary>Writes to the standard input and closes it.</summary>
    public async Task SendInput(string input)
    {
        if (input.Length > 0) await _process.StandardInput.WriteAsync(input);
        _process.StandardInput.Close();
    }

    /// <summary>Waits until the process has exited and everything that it wrote has arrived, and returns its exit code.</summary>
    /// <exception cref="TimeoutException">The process has not exited in time.</exception>
    public async Task<int> WaitForExit(TimeSpan timeout)
    {
        await _process.WaitForExitAsync().WaitAsync(timeout);
        return ExitCode;
    }

    /// <summary>Asks the process to stop with SIGTERM, as hosts and Kubernetes do, and returns its exit code.</summary>
    /// <exception cref="TimeoutException">The process has not exited in time.</exception>
    public Task<int> Stop(TimeSpan timeout)
    {
        if (!HasExited) ProcessTable.SendSignal(Id, Signal.Term);
        return WaitForExit(timeout);
    }

    /// <summary>Kills the process, as a crash does, without waiting for its end.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Kills the process unless it has exited.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
        {
            Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
    }

    private void Collect(string? line, bool isError)
    {
        // The end of a stream has no line.
        if (line is not null) _lines.Enqueue((line, isError));
    }

    private string Join(Func<(string Line, bool IsError), bool> predicate) =>
        string.Concat(_lines.Where(predicate).Select(line => line.Line + '\n'));
}
