using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.ServiceDefaults.Problems;
using MedCor.ServiceDefaults.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Treatments;

internal sealed class Treatment : Entity, ITenantOwned
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid DoctorId { get; init; }
    public required Guid AuthorId { get; set; }
    public TreatmentStatus Status { get; private set; } = TreatmentStatus.Active;
    public required string Name { get; set; }
    public string? Description { get; set; }

    /// <summary>Read and replaced as a whole, so it is one document.</summary>
    public string Medications { get; set; } = "[]";
    public string? Instructions { get; set; }
    public string? Notes { get; set; }
    public DateOnly? FollowUpDate { get; set; }

    /// <summary>Throws <see cref="Conflict"/> naming the possible moves when it has come to its end.</summary>
    internal void Change(UpdateTreatment by)
    {
        if (Status != TreatmentStatus.Active)
            throw new Conflict($"The treatment is {JsonNamingPolicy.SnakeCaseUpper.ConvertName(Status.ToString())}, which is final.").With("status", Status).With("allowed", Array.Empty<TreatmentStatus>());
        Status = by.Status ?? Status;
        Name = by.Name ?? Name;
        Description = by.Description.Or(Description);
        // The database writes the document in its own way, so what it says is compared.
        if (by.Medications is { } given && !given.SequenceEqual(Read(Medications))) Medications = Write(given);
        Instructions = by.Instructions.Or(Instructions);
        FollowUpDate = by.FollowUpDate.Or(FollowUpDate);
        Notes = string.IsNullOrWhiteSpace(by.Notes) ? Notes : Notes is null ? by.Notes : $"{Notes}\n{by.Notes}";
    }

    internal static string Write(IReadOnlyList<Medication>? medications) => JsonSerializer.Serialize(medications ?? [], Json.Options);

    private static IReadOnlyList<Medication> Read(string medications) => JsonSerializer.Deserialize<IReadOnlyList<Medication>>(medications, Json.Options)!;

    internal Contracts.Clinical.Treatment ToContract() => new(Id, HospitalId, PatientId, DoctorId, AuthorId, Status, Name, Description,
        Read(Medications), Instructions, Notes, FollowUpDate, Version, CreatedAt, UpdatedAt);

    /// <summary>What a caller may read of it.</summary>
    internal Contracts.Clinical.Treatment For(Callers kind) => kind == Callers.Platform ? ToContract().WithoutContent() : ToContract();

    internal sealed class Table : IEntityTypeConfiguration<Treatment>
    {
        public void Configure(EntityTypeBuilder<Treatment> treatment)
        {
            treatment.ToTable("treatments").HasKey(t => new { t.HospitalId, t.Id });
            treatment.Property(t => t.Medications).HasColumnType("jsonb");
        }
    }
}
