using System.Security.Cryptography;
using System.Text;

namespace MedCor.AppHost.Data;

/// <summary>
/// Manages the directory of all data that outlives the host: the servers' data, passwords and ports, logs, and <c>run.json</c>. One host at a time owns the
/// directory.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    private const UnixFileMode OwnerOnlyDirectory = PrivateFile.Mode | UnixFileMode.UserExecute;
    private const UnixFileMode Traversable = OwnerOnlyDirectory | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly FileStream _lockFile;
    private readonly Dictionary<string, string> _passwords;
    private readonly Lock _passwordsLock = new();

    private DataDirectory(string path, FileStream ownership)
    {
        FullPath = path;
        _lockFile = ownership;
        Ports = new(Path.Combine(path, "ports.json"), preferUsual: Path.GetFileName(path) == ".medcor");
        _passwords = PrivateFile.ReadJson<Dictionary<string, string>>(PasswordFile) ?? [];
    }

    public string FullPath { get; }

    public PortAllocator Ports { get; }

    public string RunFile => GetRunFile(FullPath);

    private string PasswordFile => Path.Combine(FullPath, "passwords.json");

    public static string GetRunFile(string path) => Path.Combine(path, "run.json");

    /// <summary>
    /// Returns the path of the file that stores how each service was started, for operator commands. Like the file of passwords, it contains passwords.
    /// </summary>
    public static string GetServicesFile(string path) => Path.Combine(path, "services.json");

    /// <summary>Opens the directory and locks it for this host.</summary>
    /// <exception cref="DistributedApplicationException">Another host has locked the directory, or it belongs to another user.</exception>
    public static DataDirectory Open(string path)
    {
        FileStream lockFile;
        try
        {
            // A server that runs as its own user must be able to traverse this directory to its own part. All parts and files are closed to other users.
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Traversable);
            lockFile = new FileStream(Path.Combine(path, "host.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = PrivateFile.Mode,
            });
        }
        catch (UnauthorizedAccessException accessDenied)
        {
            throw new DistributedApplicationException($"{path} belongs to another user. Run as that one, or keep other data with --data DIR.", accessDenied);
        }
        catch (IOException busy)
        {
            throw new DistributedApplicationException(RunState.DescribeOwner(path), busy);
        }

        File.Delete(GetRunFile(path));
        return new DataDirectory(path, lockFile);
    }

    /// <summary>Returns a subdirectory, creating it when missing.</summary>
    public string GetDirectory(string purpose) => Directory.CreateDirectory(Path.Combine(FullPath, purpose), OwnerOnlyDirectory).FullName;

    /// <summary>
    /// Returns the directory of a server that runs as its own user. That user must be able to reach the directory: when a parent directory is closed to
    /// others (a checkout under /root), the directory is a link to one under /var/lib.
    /// </summary>
    public string GetServerDirectory(string server)
    {
        var directory = Path.Combine(FullPath, server);
        if (Directory.Exists(directory) || !Environment.IsPrivilegedProcess || IsTraversable(FullPath))
        {
            return new DirectoryInfo(GetDirectory(server)).LinkTarget ?? directory;
        }

        var reachable = Path.Combine(Directory.CreateDirectory(Path.Combine("/var/lib/medcor", DirectoryHash), Traversable).FullName, server);
        if (Directory.Exists(reachable))
        {
            // There is no link to it, so the data directory that it belonged to has been deleted.
            Directory.Delete(reachable, recursive: true);
        }

        Directory.CreateDirectory(reachable, OwnerOnlyDirectory);
        File.CreateSymbolicLink(directory, reachable);
        return reachable;
    }

    /// <summary>Gets a hash that distinguishes this directory from others, for names that are shared by the whole machine.</summary>
    public string DirectoryHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FullPath)))[..12];

    /// <summary>Returns the password of a server, which is generated once and then stays the same.</summary>
    public string GetPassword(string server)
    {
        lock (_passwordsLock)
        {
            if (!_passwords.TryGetValue(server, out var password))
            {
                // Letters and digits need no quoting in connection strings, URLs and configuration files. 24 of these characters have about 140 bits of
                // entropy.
                password = RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 24);
                _passwords[server] = password;
                PrivateFile.WriteJson(PasswordFile, _passwords);
            }

            return password;
        }
    }

    /// <summary>Deletes the data that a server process has stored. The password is kept, because clients have it.</summary>
    public void DeleteServerData(string server)
    {
        var directory = new DirectoryInfo(Path.Combine(FullPath, server));
        if (!directory.Exists) return;
        if (directory.LinkTarget is { } reachable)
        {
            Directory.Delete(reachable, recursive: true);
            File.Delete(directory.FullName);
        }
        else
        {
            directory.Delete(recursive: true);
        }
    }

    public void Dispose()
    {
        File.Delete(RunFile);
        _lockFile.Dispose();
    }

    private static bool IsTraversable(string path)
    {
        for (var directory = new DirectoryInfo(path); directory is not null; directory = directory.Parent)
        {
            if (!directory.UnixFileMode.HasFlag(UnixFileMode.OtherExecute)) return false;
        }

        return true;
    }
}
