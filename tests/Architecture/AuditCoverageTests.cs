using MedCor.Contracts;
using MedCor.Contracts.Clinical;

namespace MedCor.Tests.Architecture;

/// <summary>Tests that no tool reads or changes clinical content without an audit entry.</summary>
public class AuditCoverageTests
{
    /// <summary>
    /// Tools that concern doctors' working hours, audit events or the access policy. Every tool of Clinical that records no access must be listed here.
    /// </summary>
    private static readonly string[] NothingClinical =
        ["get_access_policy", "get_doctor_schedule", "list_appointment_slots", "list_audit_events", "set_doctor_schedule", "update_access_policy"];

    /// <summary>Contracts of IDs, names and times only, which reveal neither the reason for an appointment nor a finding.</summary>
    private static readonly Type[] NoContent = [typeof(AuditEvent), typeof(AffectedAppointment), typeof(UpcomingBooking), typeof(LiveAppointment)];

    [Fact]
    public void Every_tool_of_Clinical_records_its_accesses() =>
        Assert.Equal(NothingClinical, ToolCatalogue.All.Values.Where(t => t.Service == "clinical" && t.ClinicalContent is null).Select(t => t.Name));

    [Fact]
    public void Every_contract_of_Clinical_about_a_patient_is_clinical_content() =>
        Assert.Empty(from type in typeof(IClinicalContent).Assembly.GetTypes()
                     where type.Namespace == typeof(IClinicalContent).Namespace && type.IsClass
                     where type.GetProperty("PatientId") is not null && type.GetProperty("Id") is not null
                     where !type.IsAssignableTo(typeof(IClinicalContent)) && !NoContent.Contains(type)
                     select type.Name);

    [Theory]
    [InlineData("list_medical_records", "medical_records")]
    [InlineData("get_medical_record_history", "medical_records")]
    [InlineData("update_treatment", "treatments")]
    [InlineData("reschedule_appointment", "appointments")]
    public void Content_is_found_however_deep_it_lies_in_an_answer(string tool, string resource) =>
        Assert.Equal(resource, ToolCatalogue.All[tool].ClinicalContent?.Resource);

    [Fact]
    public void The_audited_access_is_derived_from_the_parameters()
    {
        var (record, patient) = (Guid.NewGuid(), Guid.NewGuid());

        Assert.Equal(new AuditedAccess("get_medical_record", "medical_records", record), Asked("get_medical_record", new GetMedicalRecord(record)));
        Assert.Equal(new AuditedAccess("list_treatments", "treatments", PatientId: patient),
            Asked("list_treatments", new ListTreatments(patient, DoctorId: Guid.NewGuid())));
        Assert.Equal(new AuditedAccess("rate_appointment", "appointments", record), Asked("rate_appointment", new RateAppointment(record, 5)));
        Assert.Equal(new AuditedAccess("create_treatment", "treatments"), Asked("create_treatment", null));
    }

    private static AuditedAccess Asked(string tool, object? parameters) => ToolCatalogue.All[tool].ClinicalContent!.DescribeAccess(tool, parameters);
}
