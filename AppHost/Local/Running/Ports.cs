using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MedCor.Hosting.Running;

/// <summary>
/// Chooses free ports and remembers them, so that a restart keeps its addresses. They lie below 32768, where the kernel
/// begins to take ports for outgoing connections: one of those could else hold a server's port while it restarts.
/// </summary>
internal sealed class Ports(string file, bool usual) : IDisposable
{
    private const int First = 15000;
    private const int Last = 31999;
    private const int Attempts = 200;

    // Chosen by hosts of this process (tests run several), but perhaps not yet listened on.
    private static readonly HashSet<int> Chosen = [];
    private static readonly Lock ChosenLock = new();

    private readonly Dictionary<string, int> _remembered = DataDirectory.ReadJson<Dictionary<string, int>>(file) ?? [];
    private readonly List<int> _mine = [];

    /// <summary>The port remembered for this key if it is free, else the usual one if that is, else any.</summary>
    public int For(string key, int usualPort = 0)
    {
        var port = _remembered.TryGetValue(key, out var remembered) && Choose(remembered) ? remembered
            : usual && usualPort != 0 && Choose(usualPort) ? usualPort
            : Any();
        _remembered[key] = port;
        DataDirectory.WriteJson(file, _remembered);
        return port;
    }

    /// <summary>That port, or the next one that is free.</summary>
    public int From(int port)
    {
        for (var candidate = port; candidate < port + Attempts; candidate++)
        {
            if (Choose(candidate))
            {
                return candidate;
            }
        }

        throw new DistributedApplicationException($"No port from {port} to {port + Attempts - 1} is free.");
    }

    public void Dispose()
    {
        lock (ChosenLock)
        {
            Chosen.ExceptWith(_mine);
        }
    }

    /// <summary>Whether nobody listens there, on either address that "localhost" may mean.</summary>
    public static bool IsFree(int port) => CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private int Any()
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var candidate = RandomNumberGenerator.GetInt32(First, Last + 1);
            if (Choose(candidate))
            {
                return candidate;
            }
        }

        throw new DistributedApplicationException($"No free port was found between {First} and {Last}.");
    }

    private bool Choose(int port)
    {
        lock (ChosenLock)
        {
            if (Chosen.Contains(port) || !IsFree(port))
            {
                return false;
            }

            _mine.Add(port);
            return Chosen.Add(port);
        }
    }

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
