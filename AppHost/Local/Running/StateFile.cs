using System.Text.Json;
using System.Threading.Channels;

namespace MedCor.Hosting.Running;

/// <summary>
/// <c>run.json</c>: what runs where, for tests and for a second start. There once everything has been healthy, kept
/// current, gone when the host stops. It holds the dashboard's token, so only its owner can read it.
/// </summary>
internal sealed class StateFile : IAsyncDisposable
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly string _file;
    private readonly Func<Run> _read;
    private readonly Channel<bool> _changes = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Task _writing;

    public StateFile(string file, Func<Run> read)
    {
        _file = file;
        _read = read;
        DataDirectory.WriteJson(file, read());
        _writing = WriteAsync();
    }

    public static Run? Read(string file) => DataDirectory.ReadJson<Run>(file);

    /// <summary>Has the file written anew, soon.</summary>
    public void Update() => _changes.Writer.TryWrite(true);

    public async ValueTask DisposeAsync()
    {
        _changes.Writer.Complete();
        await _writing;
        File.Delete(_file);
    }

    private async Task WriteAsync()
    {
        await foreach (var _ in _changes.Reader.ReadAllAsync())
        {
            DataDirectory.WriteJson(_file, _read());
        }
    }

    internal sealed record Run(HostProcess Host, IReadOnlyList<string> Gateways, DashboardAddress? Dashboard, IReadOnlyList<ResourceState> Resources);

    internal sealed record HostProcess(int Pid, DateTimeOffset Since);

    internal sealed record DashboardAddress(string Url, string Token, string Login);

    internal sealed record ResourceState(
        string Name, string Resource, int Replica, int? Pid, string? Url, string State, bool Healthy, int Restarts, int? ExitCode);
}
