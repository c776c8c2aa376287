using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MedCor.AppHost.Data;

/// <summary>
/// Allocates free ports and remembers them, so that addresses stay the same after a restart. The ports are below 32768, where the kernel's range for
/// outgoing connections begins: such a connection could otherwise take a server's port while the server restarts.
/// </summary>
/// <param name="file">The file that stores the ports.</param>
/// <param name="preferUsual">Whether a server's well-known port is tried first.</param>
internal sealed class PortAllocator(string file, bool preferUsual)
{
    private const int FirstPort = 15000;
    private const int LastPort = 31999;
    private const int Attempts = 200;

    private readonly Dictionary<string, int> _remembered = PrivateFile.ReadJson<Dictionary<string, int>>(file) ?? [];
    private readonly HashSet<int> _reserved = [];

    /// <summary>Returns the stored port of a key if it is free, otherwise the usual port if it is free, otherwise any free port.</summary>
    public int GetPort(string key, int usualPort = 0)
    {
        var port = _remembered.TryGetValue(key, out var remembered) && TryReserve(remembered) ? remembered
            : preferUsual && usualPort != 0 && TryReserve(usualPort) ? usualPort
            : FindFreePort();
        _remembered[key] = port;
        PrivateFile.WriteJson(file, _remembered);
        return port;
    }

    /// <summary>Returns the given port, or the next free one.</summary>
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

    // Checks both addresses that "localhost" can mean.
    private static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private static bool CanListen(IPAddress address, int port)
    {
        using var listener = new TcpListener(address, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException portInUse)
        {
            // A machine can support IPv6 without an IPv6 loopback address: no program can listen there, so the port counts as free.
            return portInUse.SocketErrorCode == SocketError.AddressNotAvailable;
        }
    }
}
