using System.ComponentModel;

namespace MedCor.Contracts;

/// <summary>Specifies the roles of callers: the columns of the role matrix. The description of each is its label.</summary>
[Flags]
public enum Callers
{
    None = 0,
    /// <summary>An administrator who belongs to no hospital.</summary>
    [Description("platform administrator")]
    Platform = 1,
    /// <summary>An administrator of one hospital.</summary>
    [Description("hospital administrator")]
    HospitalAdmin = 2,
    [Description("doctor")]
    Doctor = 4,
    [Description("nurse")]
    Nurse = 8,
    [Description("patient")]
    Patient = 16,
    /// <summary>Somebody at the front desk, who registers and books but sees no clinical content.</summary>
    [Description("receptionist")]
    Receptionist = 32,
    Admins = Platform | HospitalAdmin,
    /// <summary>The staff who may see clinical content.</summary>
    ClinicalStaff = Admins | Doctor | Nurse,
    Staff = ClinicalStaff | Receptionist,
    Everyone = Staff | Patient,
}

/// <summary>Specifies the role of a user.</summary>
public enum Role { Admin, Doctor, Nurse, Patient, Receptionist }
