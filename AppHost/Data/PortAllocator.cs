using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MedCor.AppHost.Data;

/// <summary>
/// Chooses free ports and remembers them, so that a restart keeps its addresses. They lie below 32768, where the kernel
/// begins to take ports for outgoing connections: one of those could otherwise hold a server's port while it restarts.
/// </summary>
/// <param name="file">The file that remembers them.</param>
/// <param name="preferUsual">Whether a server's well-known port is tried first.</param>
internal sealed class PortAllocator(string file, bool preferUsual)
{
    private const int FirstPort = 15000;
    private const int LastPort = 31999;
    private const int Attempts = 200;

    private readonly Dictionary<string, int> _remembered = PrivateFile.ReadJson<Dictionary<string, int>>(file) ?? [];
    private readonly HashSet<int> _reserved = [];

    /// <summary>Returns the port remembered for this key if it is free, else the usual one if that is, else any.</summary>
    public int GetPort(string key, int usualPort = 0)
    {
        var port = _remembered.TryGetValue(key, out var before) && TryReserve(before) ? before
            : preferUsual && usualPort != 0 && TryReserve(usualPort) ? usualPort
            : FindFreePort();
        _remembered[key] = port;
        PrivateFile.WriteJson(file, _remembered);
        return port;
    }

    /// <summary>Returns this port, or the next one that is free.</summary>
    public int GetPortFrom(int port) =>
        Enumerable.Range(port, Attempts).Cast<int?>().FirstOrDefault(candidate => TryReserve(candidate!.Value))
        ?? throw new DistributedApplicationException($"No port from {port} to {port + Attempts - 1} is free.");

    private int FindFreePort()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var candidate = RandomNumberGenerator.GetInt32(FirstPort, LastPort + 1);
            if (TryReserve(candidate)) return candidate;
        }

        throw new DistributedApplicationException($"No free port was found between {FirstPort} and {LastPort}.");
    }

    private bool TryReserve(int port) => port <= IPEndPoint.MaxPort && !_reserved.Contains(port) && IsFree(port) && _reserved.Add(port);

    // On either address that "localhost" may mean.
    private static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private static bool CanListen(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException refused)
        {
            // A machine may know IPv6 but have no IPv6 loopback: then nobody can listen there.
            return refused.SocketErrorCode == SocketError.AddressNotAvailable;
        }
    }
}
