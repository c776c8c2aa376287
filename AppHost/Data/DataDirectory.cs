using System.Security.Cryptography;
using System.Text;

namespace MedCor.AppHost.Data;

/// <summary>
/// Manages the directory of everything that outlives the host: the servers' data, their passwords and ports, logs, and
/// <c>run.json</c>. One host at a time owns it.
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

    /// <summary>Returns the file that has how each service was started, for operators' commands. It holds passwords, as does the file beside it.</summary>
    public static string GetServicesFile(string path) => Path.Combine(path, "services.json");

    /// <summary>Takes the directory for this host.</summary>
    /// <exception cref="DistributedApplicationException">Another host has it, or another user does.</exception>
    public static DataDirectory Open(string path)
    {
        FileStream taken;
        try
        {
            // A server that runs as a user of its own must get through to its part of it. All parts and files are closed to others.
            Directory.CreateDirectory(path);
            File.SetUnixFileMode(path, Traversable);
            taken = new FileStream(Path.Combine(path, "host.lock"), new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = PrivateFile.Mode,
            });
        }
        catch (UnauthorizedAccessException foreign)
        {
            throw new DistributedApplicationException($"{path} belongs to another user. Run as that one, or keep other data with --data DIR.", foreign);
        }
        catch (IOException busy)
        {
            throw new DistributedApplicationException(RunState.DescribeOwner(path), busy);
        }

        File.Delete(GetRunFile(path));
        return new DataDirectory(path, taken);
    }

    /// <summary>Returns a directory of its own for this purpose, created when missing.</summary>
    public string GetDirectory(string purpose) => Directory.CreateDirectory(Path.Combine(FullPath, purpose), OwnerOnlyDirectory).FullName;

    /// <summary>
    /// Returns the directory of a server that runs as a user of its own. That user must be able to get there: where a
    /// directory above is closed to others (a checkout under /root), this is a link to one under /var/lib.
    /// </summary>
    public string GetServerDirectory(string server)
    {
        var directory = Path.Combine(FullPath, server);
        if (Directory.Exists(directory) || !Environment.IsPrivilegedProcess || IsTraversable(FullPath))
        {
            return new DirectoryInfo(GetDirectory(server)).LinkTarget ?? directory;
        }

        var elsewhere = Path.Combine(Directory.CreateDirectory(Path.Combine("/var/lib/medcor", DirectoryHash), Traversable).FullName, server);
        if (Directory.Exists(elsewhere))
        {
            // Without the link, the data directory that it belonged to has been deleted.
            Directory.Delete(elsewhere, recursive: true);
        }

        Directory.CreateDirectory(elsewhere, OwnerOnlyDirectory);
        File.CreateSymbolicLink(directory, elsewhere);
        return elsewhere;
    }

    /// <summary>Gets what tells this directory from others where names are shared by a whole machine.</summary>
    public string DirectoryHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FullPath)))[..12];

    /// <summary>Returns the password of a server: made up once, then the same.</summary>
    public string GetPassword(string server)
    {
        lock (_passwordsLock)
        {
            if (!_passwords.TryGetValue(server, out var password))
            {
                // Letters and digits need no quoting in a connection string, a URL or a configuration file. 24 of them are 142 bits.
                password = RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 24);
                _passwords[server] = password;
                PrivateFile.WriteJson(PasswordFile, _passwords);
            }

            return password;
        }
    }

    /// <summary>Deletes what a server process has stored. Its password stays: clients have it.</summary>
    public void DeleteServerData(string server)
    {
        var directory = new DirectoryInfo(Path.Combine(FullPath, server));
        if (!directory.Exists) return;
        if (directory.LinkTarget is { } elsewhere)
        {
            Directory.Delete(elsewhere, recursive: true);
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
