using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;
using MedCor.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace MedCor.Clinical.Treatments;

[PersonalData(OnErasure.Keep, nameof(Treatment.PatientId))]
internal sealed class Treatment : Entity, IEncryptedRow
{
    public required Guid HospitalId { get; init; }
    public required Guid PatientId { get; init; }
    public required Guid DoctorId { get; init; }
    public required Guid AuthorId { get; set; }
    public TreatmentStatus Status { get; private set; } = TreatmentStatus.Active;

    [Encrypted]
    public required string Name { get; set; }

    [Encrypted]
    public string? Description { get; set; }

    /// <summary>Gets or sets the medications as JSON. They are read and replaced as a whole, so they are stored as one document.</summary>
    [Encrypted(ifDestroyed: "[]")]
    public string Medications { get; set; } = "[]";

    [Encrypted]
    public string? Instructions { get; set; }

    [Encrypted]
    public string? Notes { get; set; }
    public DateOnly? FollowUpDate { get; set; }

    /// <summary>
    /// Applies an update. Throws <see cref="Conflict"/> when the treatment is no longer active, which is final; the list of allowed transitions is then empty.
    /// </summary>
    internal void Update(UpdateTreatment request)
    {
        if (Status != TreatmentStatus.Active)
            throw new Conflict($"The treatment is {JsonNamingPolicy.SnakeCaseUpper.ConvertName(Status.ToString())}, which is final.")
                .WithDetail("status", Status).WithDetail("allowed", Array.Empty<TreatmentStatus>());
        Status = request.Status ?? Status;
        Name = request.Name ?? Name;
        Description = request.Description.Or(Description);
        // The database formatted documents in its own way before they were encrypted, so the parsed medications are compared.
        if (request.Medications is { } medications && !medications.SequenceEqual(DeserializeMedications(Medications)))
            Medications = SerializeMedications(medications);
        Instructions = request.Instructions.Or(Instructions);
        FollowUpDate = request.FollowUpDate.Or(FollowUpDate);
        Notes = string.IsNullOrWhiteSpace(request.Notes) ? Notes : Notes is null ? request.Notes : $"{Notes}\n{request.Notes}";
    }

    internal static string SerializeMedications(IReadOnlyList<Medication>? medications) => JsonSerializer.Serialize(medications ?? [], Json.Options);

    private static IReadOnlyList<Medication> DeserializeMedications(string medications) =>
        JsonSerializer.Deserialize<IReadOnlyList<Medication>>(medications, Json.Options)!;

    internal Contracts.Clinical.Treatment ToContract() => new(
        Id: Id,
        HospitalId: HospitalId,
        PatientId: PatientId,
        DoctorId: DoctorId,
        AuthorId: AuthorId,
        Status: Status,
        Name: Name,
        Description: Description,
        Medications: DeserializeMedications(Medications),
        Instructions: Instructions,
        Notes: Notes,
        FollowUpDate: FollowUpDate,
        Version: Version,
        CreatedAt: CreatedAt,
        UpdatedAt: UpdatedAt);

    /// <summary>Converts the treatment for a caller.</summary>
    /// <param name="hasContent">Whether the caller sees the content; administrators who do not see only that the treatment exists.</param>
    internal Contracts.Clinical.Treatment ToContractWith(bool hasContent) => hasContent ? ToContract() : ToContract().WithoutContent();

    internal sealed class Configuration : IEntityTypeConfiguration<Treatment>
    {
        public void Configure(EntityTypeBuilder<Treatment> treatment)
        {
            treatment.ToTable("treatments").HasKey(t => new { t.HospitalId, t.Id });
            treatment.Property(t => t.Medications).HasColumnType("jsonb");
        }
    }
}
