using System.Globalization;
using System.Runtime.InteropServices;

namespace MedCor.Hosting.Processes;

/// <summary>What the kernel knows of processes. An id alone may have been given to another one; an id and a start time not.</summary>
internal static partial class ProcessTable
{
    /// <summary>When the process started, in ticks since boot; 0 when it is gone (a zombie is gone) or cannot be known.</summary>
    public static long StartOf(int id)
    {
        try
        {
            // The second field, the name, is in parentheses and may hold anything; state and start time are fields 3 and 22.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? 0 : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    public static bool IsAlive(int id, long started) => started != 0 && StartOf(id) == started;

    /// <summary>The name of a process, empty when it is gone.</summary>
    public static string NameOf(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/comm").TrimEnd();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Sends a signal; false when the process is gone.</summary>
    public static bool Send(int id, Signal signal) => Kill(id, (int)signal) == 0;

    /// <summary>The process that started this one, or the one that inherited it.</summary>
    public static int Parent() => GetParentId();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int id, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int GetParentId();
}
