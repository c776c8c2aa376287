using System.Text.Json.Nodes;
using MedCor.Platform.Secrets;
using Npgsql;

namespace MedCor.Tests.Fixtures;

/// <summary>Reads the encrypted texts in the databases of the running system, as its services do.</summary>
internal static class StoredTexts
{
    /// <summary>Returns a text of a row as it was written; null when the row has none.</summary>
    /// <param name="select">The expression that selects the stored text, where it is not the column.</param>
    public static async Task<string?> Read(string service, string table, string column, Guid hospital, Guid id, string? select = null)
    {
        await using var database = (await MedCorFixture.Get()).CreateDataSource(service);
        await using var command = database.CreateCommand($"SELECT {select ?? column} FROM {table} WHERE id = $1");
        command.Parameters.Add(new() { Value = id });
        return await command.ExecuteScalarAsync() is string stored
            ? Encryption(database, service).Decrypt(stored, new(hospital, $"{table}.{column}", $"{id}"))
            : null;
    }

    /// <summary>Returns the texts of all rows of a hospital that have one, as they were written.</summary>
    public static async Task<IReadOnlyList<string>> ReadAll(string service, string table, string column, Guid hospital)
    {
        await using var database = (await MedCorFixture.Get()).CreateDataSource(service);
        var encryption = Encryption(database, service);
        await using var command = database.CreateCommand($"SELECT id, {column} FROM {table} WHERE hospital_id = $1 AND {column} IS NOT NULL");
        command.Parameters.Add(new() { Value = hospital });
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        while (await reader.ReadAsync()) texts.Add(encryption.Decrypt(reader.GetString(1), new(hospital, $"{table}.{column}", $"{reader.GetGuid(0)}")));
        return texts;
    }

    private static TextEncryption Encryption(NpgsqlDataSource database, string service) =>
        new(new DataKeys(database, new DataKeyWrapping(DevelopmentSecret(service)), TimeProvider.System));

    private static string DevelopmentSecret(string service)
    {
        var project = char.ToUpperInvariant(service[0]) + service[1..];
        var settings = File.ReadAllText(Path.Combine(MedCorFixture.RepositoryRoot(), "services", project, "appsettings.Development.json"));
        return (string)JsonNode.Parse(settings)!["Encryption"]!["Secret"]!;
    }
}
