using Attribute = System.Collections.Generic.KeyValuePair<string, string>;

namespace MedCor.Hosting.Dashboard.Telemetry;

/// <summary>About how much memory texts take, in bytes: two for a character, and their objects.</summary>
internal static class Text
{
    private const int Object = 24;

    public static long Size(params ReadOnlySpan<string> texts)
    {
        long size = 0;
        foreach (var text in texts)
        {
            size += Object + (2L * text.Length);
        }

        return size;
    }

    public static long Size(Attribute[] attributes) => attributes.Sum(attribute => 16 + Size(attribute.Key, attribute.Value));
}
