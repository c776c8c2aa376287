using System.Reflection;
using System.Text.Json;
using MedCor.Contracts;
using MedCor.Contracts.Clinical;
using MedCor.Platform.Database;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that what is written about a patient is encrypted where it is stored, and in no event.</summary>
public class EncryptedTextsTests
{
    /// <summary>The texts of encrypted rows that nobody writes about a patient. A new text of such a row is encrypted or listed here.</summary>
    private static readonly string[] NothingPrivate =
    [
        "Appointment.TimeZone", "ChatRun.Digest", "ChatRun.Ending", "ChatRun.Model", "ChatRun.RequestId", "ChatRun.SessionId", "Confirmation.Tool",
        "StoredPromptSession.Prompt", "StoredPromptSession.Step",
    ];

    private static IEnumerable<Type> EncryptedRows =>
        from database in ServiceDatabases.All
        from type in database.Assembly.GetTypes()
        where type is { IsClass: true } && type.IsAssignableTo(typeof(IEncryptedRow))
        select type;

    [Fact]
    public void Every_text_of_a_row_with_clinical_content_is_encrypted() =>
        Assert.Equal(NothingPrivate, from type in EncryptedRows
                                     from property in type.GetProperties()
                                     where property.PropertyType == typeof(string) || property.PropertyType == typeof(string[])
                                     where property.GetCustomAttribute<EncryptedAttribute>() is null
                                     let name = $"{type.Name}.{property.Name}"
                                     orderby name
                                     select name);

    /// <summary>The contracts of clinical content and the entities that store them have the same names.</summary>
    [Fact]
    public void Every_kind_of_clinical_content_is_stored_in_an_encrypted_row() =>
        Assert.Empty(typeof(IClinicalContent).Assembly.GetTypes().Where(t => t.IsClass && t.IsAssignableTo(typeof(IClinicalContent))).Select(t => t.Name)
            .Except(EncryptedRows.Select(t => t.Name)));

    [Fact]
    public void Events_of_appointments_contain_no_text()
    {
        var appointment = new Appointment(
            Id: Guid.NewGuid(), HospitalId: Guid.NewGuid(), PatientId: Guid.NewGuid(), PatientName: null, DoctorId: Guid.NewGuid(), DoctorName: null,
            AppointmentDate: default, AppointmentTime: default, DurationMinutes: 30, TimeZone: "UTC", StartsAt: default, EndsAt: default,
            Reason: "private", Notes: "private", Status: AppointmentStatus.Scheduled, Rating: null, RatingComment: "private", RescheduledFrom: null,
            RescheduledTo: null, Version: 1, CreatedAt: default, UpdatedAt: default);
        var withTexts = JsonSerializer.Serialize(new { appointment, event_id = Guid.NewGuid() }, Json.Options);

        foreach (var told in (IntegrationEvent[])
            [
                new AppointmentCreated(appointment), new AppointmentUpdated(appointment),
                // Of an earlier version.
                JsonSerializer.Deserialize<AppointmentCreated>(withTexts, Json.Options)!,
                JsonSerializer.Deserialize<AppointmentUpdated>(withTexts, Json.Options)!,
            ])
            Assert.DoesNotContain("private", JsonSerializer.Serialize(told, told.GetType(), Json.Options), StringComparison.Ordinal);
    }
}
