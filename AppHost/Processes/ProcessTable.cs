using System.Globalization;
using System.Runtime.InteropServices;

namespace MedCor.AppHost.Processes;

/// <summary>Specifies a signal of POSIX by its number.</summary>
internal enum Signal
{
    Int = 2,
    Kill = 9,
    Term = 15,
}

/// <summary>Reads the kernel's process table. An id may be reused by a later process; an id together with a start time may not.</summary>
internal static partial class ProcessTable
{
    /// <summary>Returns when a process started, in ticks since boot; 0 when it has ended (a zombie has) or cannot be read.</summary>
    public static long GetStartTime(int id)
    {
        try
        {
            // The second field, the name, is in parentheses and may hold anything; state and start time are fields 3 and 22.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception ended) when (ended is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>Returns whether the process with this id is still the one that started then.</summary>
    public static bool IsAlive(int id, long started) => started != 0 && GetStartTime(id) == started;

    /// <summary>Returns a process's name, empty when it has ended.</summary>
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

    /// <summary>Returns the ids of a process's direct children.</summary>
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

    /// <summary>Sends a signal; returns false when the process has ended.</summary>
    public static bool SendSignal(int id, Signal signal) => Kill(id, (int)signal) == 0;

    /// <summary>Returns the id of the process that started this one, or of the one that inherited it.</summary>
    public static int GetParent() => GetParentId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int id, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}
