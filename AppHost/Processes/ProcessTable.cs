using System.Globalization;
using System.Runtime.InteropServices;

namespace MedCor.AppHost.Processes;

/// <summary>Specifies a POSIX signal by its number.</summary>
internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
}

/// <summary>Reads the kernel's process table. A process id can be reused by a later process; a process id together with a start time cannot.</summary>
internal static partial class ProcessTable
{
    /// <summary>Returns the start time of a process in ticks since boot; 0 when the process has exited (including a zombie) or cannot be read.</summary>
    public static long GetStartTime(int id)
    {
        try
        {
            // The second field, the name, is in parentheses and can contain anything. The state and the start time are fields 3 and 22.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Returns whether the process with an id is still the one that started at a given time.</summary>
    public static bool IsAlive(int id, long started) => started != 0 && GetStartTime(id) == started;

    /// <summary>Returns the name of a process; an empty string when the process has exited.</summary>
    public static string GetName(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").TrimEnd();
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Returns the ids of the direct children of a process.</summary>
    public static IReadOnlyList<int> GetChildren(int id)
    {
        try
        {
            return [.. Directory.GetDirectories($"/proc/{id}/task")
                .SelectMany(thread => File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Sends a signal to a process. Returns false when the process has exited.</summary>
    public static bool SendSignal(int id, Signal signal) => Kill(id, (int)signal) == 0;

    /// <summary>Returns the id of the parent of this process, or of the process that adopted it.</summary>
    public static int GetParent() => GetParentId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int id, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}
