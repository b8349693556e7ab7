-- Grain : une cellule de l'annuaire qui n'est pas vide, et dont rien n'a été gardé.
with
    lues as (select * from raw_annuaire),
    gardees as (select * from stg_annuaire),
    effectif_max as (select valeur from ref_parametres where nom = 'effectif_max'),

    oui_ou_non as (
        select fichier, ligne, colonne, valeur
        from
            lues unpivot (
                valeur for colonne in (
                    ecole_maternelle,
                    ecole_elementaire,
                    voie_professionnelle,
                    hebergement,
                    ulis,
                    segpa
                )
            )
    ),

    dates as (
        select fichier, ligne, colonne, valeur
        from lues unpivot (valeur for colonne in (date_maj_ligne, date_ouverture))
    ),

    illisibles as (
        select fichier, ligne, colonne, valeur
        from oui_ou_non
        where texte(valeur) is not null and oui_non(valeur) is null
        union all
        select fichier, ligne, colonne, valeur
        from dates
        where texte(valeur) is not null and jour_de(valeur) is null
        union all
        select lues.fichier, lues.ligne, 'nombre_d_eleves', lues.nombre_d_eleves
        from lues
        cross join effectif_max
        where
            texte(lues.nombre_d_eleves) is not null
            and coalesce(entier(lues.nombre_d_eleves) not between 0 and effectif_max.valeur, true)
        union all
        select fichier, ligne, 'latitude', concat_ws(' ; ', latitude, longitude)
        from lues
        where
            (texte(latitude) is not null and latitude_de(latitude, longitude) is null)
            or (texte(longitude) is not null and longitude_de(latitude, longitude) is null)
    ),

    final as (
        select gardees.uai, illisibles.*
        from illisibles
        inner join
            gardees on illisibles.fichier = gardees.fichier and illisibles.ligne = gardees.ligne
    )

select *
from final
