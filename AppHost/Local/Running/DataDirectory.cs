using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MedCor.Hosting.Processes;

namespace MedCor.Hosting.Running;

/// <summary>
/// Where everything is kept that outlives the host: the servers' data, their passwords and ports, logs, and
/// <c>run.json</c>. One host at a time owns it.
/// </summary>
internal sealed class DataDirectory : IDisposable
{
    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnersDirectory = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Traversable = OwnersDirectory | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const string Environments = "environments";

    private readonly FileStream _lock;
    private readonly Dictionary<string, string> _passwords;

    private DataDirectory(string path, FileStream @lock)
    {
        FullPath = path;
        _lock = @lock;
        _passwords = ReadJson<Dictionary<string, string>>(PasswordFile) ?? [];
        Ports = new Ports(Path.Combine(path, "ports.json"), usual: Path.GetFileName(path) == ".medcor");
    }

    public string FullPath { get; }

    public Ports Ports { get; }

    public string RunFile => RunFileOf(FullPath);

    private string PasswordFile => Path.Combine(FullPath, "passwords.json");

    /// <summary>Takes the directory for this host; throws <see cref="AlreadyRunningException"/> when another one has it.</summary>
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
                Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly,
            });
        }
        catch (UnauthorizedAccessException foreign)
        {
            throw new DistributedApplicationException($"{path} belongs to another user. Run as that one, or keep other data with --data DIR.", foreign);
        }
        catch (IOException busy)
        {
            throw new AlreadyRunningException(path, StateFile.Read(RunFileOf(path)), busy);
        }

        File.Delete(RunFileOf(path));
        return new DataDirectory(path, taken);
    }

    /// <summary>The directory of a resource, created when missing.</summary>
    public string For(string resource) => Directory.CreateDirectory(Path.Combine(FullPath, resource), OwnersDirectory).FullName;

    /// <summary>
    /// The directory of a server that runs as a user of its own. That user must be able to get there: where a directory
    /// above is closed to others (a checkout under /root), this is a link to one under /var/lib.
    /// </summary>
    public string ForOtherUser(string resource)
    {
        var directory = Path.Combine(FullPath, resource);
        if (Directory.Exists(directory) || !Environment.IsPrivilegedProcess || IsTraversable(FullPath))
        {
            return new DirectoryInfo(For(resource)).LinkTarget ?? directory;
        }

        var key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(FullPath)))[..12];
        var elsewhere = Path.Combine(Directory.CreateDirectory(Path.Combine("/var/lib/medcor", key), Traversable).FullName, resource);
        if (Directory.Exists(elsewhere))
        {
            // Without the link, the data directory that it belonged to has been deleted.
            Directory.Delete(elsewhere, recursive: true);
        }

        Directory.CreateDirectory(elsewhere, OwnersDirectory);
        File.CreateSymbolicLink(directory, elsewhere);
        return elsewhere;
    }

    public string LogFile(string instance) => Path.Combine(For("logs"), instance + ".log");

    /// <summary>Where a service's environment is kept, for the commands of operators. It holds passwords, as does the file beside it.</summary>
    public string EnvironmentFile(string resource)
    {
        For(Environments);
        return EnvironmentFileOf(FullPath, resource);
    }

    public static string EnvironmentFileOf(string path, string resource) => Path.Combine(path, Environments, resource + ".json");

    public string ProcessFile(string instance) => Path.Combine(For("processes"), instance);

    /// <summary>The password of a server: made up once, then the same.</summary>
    public string PasswordOf(string resource)
    {
        if (!_passwords.TryGetValue(resource, out var password))
        {
            // Letters and digits need no quoting in a connection string, a URL or a configuration file. 24 of them are 142 bits.
            password = RandomNumberGenerator.GetString("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", 24);
            _passwords[resource] = password;
            WriteJson(PasswordFile, _passwords);
        }

        return password;
    }

    /// <summary>Forgets the data of these resources, and their passwords.</summary>
    public void Reset(IEnumerable<string> resources)
    {
        foreach (var directory in resources.Select(resource => new DirectoryInfo(Path.Combine(FullPath, resource))).Where(directory => directory.Exists))
        {
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

        _passwords.Clear();
        File.Delete(PasswordFile);
    }

    /// <summary>Writes a file of this host whole or not at all, readable by its owner only.</summary>
    public static void Write(string file, string content)
    {
        var unfinished = file + ".new";
        using (var stream = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
        }

        File.Move(unfinished, file, overwrite: true);
    }

    public static void WriteJson<T>(string file, T value) => Write(file, JsonSerializer.Serialize(value, StateFile.Json));

    public static T? ReadJson<T>(string file) => File.Exists(file) ? JsonSerializer.Deserialize<T>(File.ReadAllText(file), StateFile.Json) : default;

    public void Dispose()
    {
        File.Delete(RunFile);
        Ports.Dispose();
        _lock.Dispose();
    }

    public static string RunFileOf(string path) => Path.Combine(path, "run.json");

    private static bool IsTraversable(string path)
    {
        for (var directory = new DirectoryInfo(path); directory is not null; directory = directory.Parent)
        {
            if (!directory.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        return true;
    }
}

/// <summary>Another host runs on the same data.</summary>
internal sealed class AlreadyRunningException(string directory, StateFile.Run? run, IOException cause)
    : DistributedApplicationException(Describe(directory, run), cause)
{
    private static string Describe(string directory, StateFile.Run? run) => run is null
        ? $"MedCor is already running on {directory}; it is just starting or stopping."
        : $"MedCor is already running on {directory} (process {run.Host.Pid}): {string.Join(", ", run.Gateways)}"
            + (run.Dashboard is { } dashboard ? $"; dashboard {dashboard.Login}" : "");
}
