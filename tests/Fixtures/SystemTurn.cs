using System.Text.Json;
using MedCor.AppHost.Processes;

namespace MedCor.Tests.Fixtures;

/// <summary>
/// Makes the test processes of a checkout take turns with one running system: <c>dotnet test</c> runs one process per project, and somebody may run it twice.
/// A process that ends leaves the system to the next one of the same run. The kernel releases the lock of a killed process; what it leaves is stopped.
/// </summary>
internal sealed class SystemTurn
{
    private static readonly TimeSpan LongestTurn = TimeSpan.FromHours(1), StopTimeout = TimeSpan.FromMinutes(2);

    private readonly FileStream _turn;
    private State? _state;

    private SystemTurn(FileStream turn, State? state) => (_turn, _state) = (turn, state);

    /// <summary>Gets whether the system's host still runs.</summary>
    public bool IsSystemAlive => _state is not null && ProcessTable.IsAlive(_state.Host, _state.StartedAt);

    /// <summary>Waits until no other process has the turn.</summary>
    public static async Task<SystemTurn> Take(string directory)
    {
        var file = Path.Combine(Directory.CreateDirectory(directory).FullName, "tests.turn");
        var turn = TryLock(file);
        if (turn is null)
        {
            await Console.Error.WriteLineAsync("Waiting for the other tests that use the running system.");
            await Wait.Until(() => Task.FromResult((turn = TryLock(file)) is not null), "the other tests have ended", LongestTurn);
        }
        return new(turn!, turn!.Length == 0 ? null : await JsonSerializer.DeserializeAsync<State>(turn));
    }

    /// <summary>Returns the system that the previous turn left to this run; null after stopping any other.</summary>
    public async Task<(int Host, int TelemetryPort)?> TakeOver(int run, string build)
    {
        if (_state is not { } left || !IsSystemAlive) return null;
        if (left.IsHandedOver && left.Run == run && left.Build == build)
        {
            Record(left with { IsHandedOver = false });
            return (left.Host, left.TelemetryPort);
        }
        await Stop();
        return null;
    }

    /// <summary>Records the system that this turn has started.</summary>
    public void RecordStart(int host, int run, string build, int telemetryPort) =>
        Record(new(host, ProcessTable.GetStartTime(host), run, build, telemetryPort, IsHandedOver: false));

    /// <summary>Stops the system and waits until it has ended.</summary>
    public async Task Stop()
    {
        // When a run has ended, the shell that started its host stops it; a second signal would end the host at once.
        if (ProcessTable.GetStartTime(_state!.Run) != 0) ProcessTable.SendSignal(_state.Host, Signal.Term);
        await Wait.Until(() => Task.FromResult(!IsSystemAlive), "the system that runs has ended", StopTimeout);
    }

    /// <summary>Ends the turn. Does not wait, because the test runner kills a process that takes long to exit.</summary>
    public void End()
    {
        if (_state is not null) Record(_state with { IsHandedOver = true });
        _turn.Dispose();
    }

    private void Record(State state)
    {
        _state = state;
        _turn.Position = 0;
        _turn.Write(JsonSerializer.SerializeToUtf8Bytes(state));
        _turn.SetLength(_turn.Position);
        _turn.Flush();
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record State(int Host, long StartedAt, int Run, string Build, int TelemetryPort, bool IsHandedOver);
}
