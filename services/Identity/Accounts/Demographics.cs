using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Identity;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace MedCor.Identity.Accounts;

/// <summary>Represents the demographic data of a patient by which nobody logs in. It is stored as one JSON document.</summary>
internal sealed record Demographics(
    Gender? Gender,
    string? Language,
    PatientAddress? Address,
    IReadOnlyList<PatientContact> Contacts,
    IReadOnlyList<NextOfKin> NextOfKin,
    IReadOnlyList<PatientIdentifier> Identifiers)
{
    /// <summary>Gets the data of a user about whom nothing is known.</summary>
    internal static Demographics None { get; } = new(null, null, null, [], [], []);

    /// <summary>Converts to and from the column. Documents that were stored before a list existed have an empty one.</summary>
    internal sealed class Converter() : ValueConverter<Demographics, string>(value => Write(value), json => Read(json))
    {
        private static string Write(Demographics value) => JsonSerializer.Serialize(value, Json.Options);

        private static Demographics Read(string json)
        {
            var stored = JsonSerializer.Deserialize<Demographics>(json, Json.Options)!;
            return stored with { Contacts = stored.Contacts ?? [], NextOfKin = stored.NextOfKin ?? [], Identifiers = stored.Identifiers ?? [] };
        }
    }
}
