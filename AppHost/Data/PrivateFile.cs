using System.Text;
using System.Text.Json;

namespace MedCor.AppHost.Data;

/// <summary>Reads and writes files that only their owner can read.</summary>
internal static class PrivateFile
{
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Writes a file atomically.</summary>
    public static void Write(string file, string content)
    {
        var unfinished = file + ".new";
        using (var stream = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = Mode }))
        {
            stream.Write(Encoding.UTF8.GetBytes(content));
        }

        File.Move(unfinished, file, overwrite: true);
    }

    public static void WriteJson<T>(string file, T value) => Write(file, JsonSerializer.Serialize(value, Json));

    /// <summary>Reads a file written by <see cref="WriteJson"/>; returns the default value when it does not exist.</summary>
    public static T? ReadJson<T>(string file) => File.Exists(file) ? JsonSerializer.Deserialize<T>(File.ReadAllText(file), Json) : default;
}
