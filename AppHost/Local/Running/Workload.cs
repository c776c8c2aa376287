using System.Net.Sockets;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>How one kind of resource is run: what it needs before, what is started, and when it is healthy.</summary>
internal abstract class Workload
{
    /// <summary>Makes ready what the program needs. Called before every start, so it must bear to find its work done.</summary>
    public virtual Task PrepareAsync(Log log, CancellationToken ct) => Task.CompletedTask;

    /// <summary>What to start.</summary>
    public abstract Command Command();

    /// <summary>Whether the program does its work. Called again and again; a failure to connect is an answer too.</summary>
    public abstract Task<bool> IsHealthyAsync(CancellationToken ct);

    /// <summary>Called when the program is first healthy after a start, before others hear of it.</summary>
    public virtual Task CompleteAsync(Log log, CancellationToken ct) => Task.CompletedTask;

    /// <summary>Called when no process of it is left and none will be started.</summary>
    public virtual ValueTask EndAsync() => ValueTask.CompletedTask;

    /// <summary>Sends bytes to a local port and hands what comes back to a judge, who sees at least that many bytes.</summary>
    protected static async Task<bool> AsksAsync(int port, byte[] question, int answerLength, Func<byte[], bool> isRight, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(TimeSpan.FromSeconds(3));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(System.Net.IPAddress.Loopback, port, patience.Token);
            var stream = client.GetStream();
            await stream.WriteAsync(question, patience.Token);
            var answer = new byte[answerLength];
            await stream.ReadExactlyAsync(answer, patience.Token);
            return isRight(answer);
        }
        catch (Exception unwell) when (unwell is SocketException or IOException || (unwell is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return false;
        }
    }
}
